import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type House, memoryHouse } from '../../test/browser/house.ts'
import { EVENTS_PATH } from '../contract/console.ts'
import { deskRoutes } from './routes.ts'

const HEARTBEAT_SECONDS = 15
let folder: string
let app: FastifyInstance
let house: House
let url: string
let cookie: string

beforeEach(async () => {
  // Only intervals stand still: the heartbeat's. Sockets and the gathering of hints run.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-events-'))
  mkdirSync(join(folder, 'desk/assets'), { recursive: true })
  writeFileSync(join(folder, 'index.html'), '__STYLE_NONCE__')
  app = fastify()
  house = memoryHouse({ folder, origin: () => url, now: 0 })
  await deskRoutes(app, house)
  await app.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const signedIn = await post('/desk/api/sign-in', { person: 'erik', passphrase: 'staple gun and twine' })
  cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? ''
})
afterEach(async () => {
  await app.close()
  vi.useRealTimers()
  rmSync(folder, { recursive: true })
})

const post = (path: string, body: object) =>
  fetch(`${url}${path}`, { method: 'POST', headers: { origin: url, 'content-type': 'application/json', cookie: cookie ?? '' }, body: JSON.stringify(body) })

/** An open stream: what came so far, and whether it has ended. */
async function listen() {
  const response = await fetch(`${url}${EVENTS_PATH}`, { headers: { cookie } })
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const heard = { text: '', ended: false }
  const read = async () => {
    for await (const bytes of response.body ?? []) heard.text += new TextDecoder().decode(bytes)
    heard.ended = true
  }
  void read().catch(() => {
    heard.ended = true
  })
  await vi.waitFor(() => expect(heard.text).toContain('retry:'))
  return heard
}

describe('server-sent events', () => {
  it('say once for a burst that something changed, and not what', async () => {
    const heard = await listen()
    for (let times = 0; times < 5; times++) house.record({ kind: 'ask.answered', outcome: 'done', person: 'anna', operation: 'getShipmentSummary' })
    await vi.waitFor(() => expect(heard.text).toContain('data: journal\n\n'))
    expect(heard.text.match(/data:/g)).toHaveLength(1)
    expect(heard.text).not.toContain('anna')
  })

  it('go on over a heartbeat while the person is signed in', async () => {
    const heard = await listen()
    vi.advanceTimersByTime(HEARTBEAT_SECONDS * 1000)
    await vi.waitFor(() => expect(heard.text).toContain(': here'))
    expect(heard.ended).toBe(false)
  })

  it('end at the heartbeat after the person signed out', async () => {
    const heard = await listen()
    await post('/desk/api/sign-out', {})
    vi.advanceTimersByTime(HEARTBEAT_SECONDS * 1000)
    await vi.waitFor(() => expect(heard.ended).toBe(true))
  })

  it('end when the server stops, so that it can', async () => {
    const heard = await listen()
    await app.close()
    await vi.waitFor(() => expect(heard.ended).toBe(true))
  })
})
