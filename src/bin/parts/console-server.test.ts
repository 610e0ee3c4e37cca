import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type House, memoryHouse } from '../../../test/browser/house.ts'
import { Problem } from '../../contract/connector.ts'
import type { Desk } from '../../desk/desk.ts'
import { sourceCap } from '../../limits/source-cap.ts'
import { statusOf } from '../../model/refusal.ts'
import { consoleServer } from './console-server.ts'

const ORIGIN = 'http://127.0.0.1:4310'
const HEADERS = { host: '127.0.0.1:4310' }
const NOW = Date.UTC(2026, 10, 23, 14, 30)
let folder: string
let house: House
let app: FastifyInstance
let heard: unknown[]
const visitorsOf = (burst: number) => sourceCap({ perSecond: 1, burst })
const serve = (over: Partial<Desk> = {}, visitors = visitorsOf(100)) => {
  const door = { publicUrl: 'http://127.0.0.1:4300', deskUrl: ORIGIN, clock: () => NOW, failed: (cause: unknown) => void heard.push(cause) }
  return consoleServer({ tls: null, proxies: [], visitors, door, desk: { ...house, ...over } })
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-console-'))
  mkdirSync(join(folder, 'desk/assets'), { recursive: true })
  writeFileSync(join(folder, 'index.html'), '<!doctype html><meta name="style-nonce" content="__STYLE_NONCE__">')
  heard = []
  house = memoryHouse({ folder, origin: () => ORIGIN, now: NOW })
  app = await serve()
})
afterEach(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})
const refused = () => house.kept().filter(({ kind }) => kind === 'console.refused')

describe('an address that cannot be read', () => {
  it.each([
    ['/%', HEADERS, 'no_such_address'],
    ['/desk/api/%zzCANARY', HEADERS, 'no_such_address'],
    ['/%', { host: 'CANARY.example' }, 'origin_foreign'],
    ['/desk/api/%', { ...HEADERS, origin: 'https://CANARY.example' }, 'origin_foreign'],
  ])('such as `%s` from %o is turned back as any other, and told', async (url, headers, code) => {
    const answer = await app.inject({ url, headers })
    expect(Problem.parse(answer.json())).toMatchObject({ code, status: statusOf(code as 'no_such_address') })
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect(answer.body).not.toContain('CANARY')
    await house.tell()
    expect(refused()).toEqual([{ kind: 'console.refused', outcome: code, detail: { counts: { '127.0.0.1': 1 } } }])
  })

  it('is told of with who is signed in where it came from', async () => {
    const payload = { person: 'anna', passphrase: 'correct horse battery' }
    const signedIn = await app.inject({ method: 'POST', url: '/desk/api/sign-in', headers: { ...HEADERS, origin: ORIGIN }, payload })
    const cookie = String(signedIn.headers['set-cookie']).split(';')[0] ?? ''
    const { correlationId } = Problem.parse((await app.inject({ url: '/%', headers: { ...HEADERS, cookie } })).json())
    expect(refused()).toEqual([{ kind: 'console.refused', outcome: 'no_such_address', person: 'anna', correlation: correlationId, detail: { call: null } }])
  })

  it.each(['/%', '/desk/nowhere'])('is counted to who asks for it: `%s`', async (url) => {
    const visitors = visitorsOf(1)
    const capped = await serve({}, visitors)
    const codes = []
    for (let times = 0; times < 3; times++) codes.push(Problem.parse((await capped.inject({ url, headers: HEADERS })).json()).code)
    expect(codes).toEqual(['no_such_address', 'source_capped', 'source_capped'])
    expect([...visitors.drain().values()]).toEqual([2])
    await capped.close()
  })

  it('does not end the console by a fault of ours, which is heard', async () => {
    const broken = await serve({ refused: () => Promise.reject(new TypeError('CANARY is not a function')) })
    await expect(broken.inject({ url: '/%', headers: HEADERS })).rejects.toThrow('destroyed')
    expect(heard).toEqual([expect.any(TypeError)])
    await broken.close()
  })
})
