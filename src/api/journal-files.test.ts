import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../../test/support/gate.ts'
import { done } from '../base/outcome.ts'
import { sourceCap } from '../limits/source-cap.ts'
import { agentApp } from './app.ts'
import { journalFiles, journalReaders } from './journal-files.ts'

const TOKEN = 'the-reader-of-the-journal'
const BEARS = { authorization: `Bearer ${TOKEN}` }
const BURST = 3
const TIMES = 12

let here: TestGate
let app: FastifyInstance
let now = Date.UTC(2026, 10, 23)
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

/** A house's front door, its journal open or not, that lets each address make three requests at once. */
const openApp = (open: boolean): Promise<FastifyInstance> => {
  const { mayRead, isUnmetered } = journalReaders({ token: TOKEN, open })
  const never = () => Promise.reject(new Error('not asked here'))
  const door = {
    gate: here.gate,
    offer: { all: [], to: () => [] },
    authenticate: never,
    possess: () => expect.unreachable('not asked here'),
    isEnrolled: never,
    freshNonce: () => '',
    publicUrl: 'http://gate.example',
    deskUrl: 'http://desk.example',
    clock: () => now,
    failed: () => undefined,
  }
  return agentApp({
    door,
    sources: sourceCap({ perSecond: 0.001, burst: BURST }),
    hosts: ['gate.example'],
    tls: null,
    isUnmetered,
    also: (to) => {
      const file = { bytes: Buffer.from('published'), mediaType: 'text/plain', cacheControl: 'no-cache' }
      journalFiles(to, door, { mayRead, read: (path) => Promise.resolve(done(path === 'checkpoint' ? file : null)) })
    },
  })
}

type Said = { readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'OPTIONS'; readonly url?: string; readonly headers?: Readonly<Record<string, string>> }

/** The same request many times: what was answered, and how many entries the journal grew by. */
async function often({ method = 'GET', url = '/journal/checkpoint', headers = {} }: Said): Promise<{ statuses: readonly number[]; entries: number }> {
  const from = (await here.entries()).length
  const statuses: number[] = []
  for (let times = 0; times < TIMES; times++) statuses.push((await app.inject({ method, url, headers: { host: 'gate.example', ...headers } })).statusCode)
  return { statuses, entries: (await here.entries(from)).length }
}
const capped = (status: number): readonly number[] => Array.from({ length: TIMES }, (_, i) => (i < BURST ? status : 429))
const all = (status: number): readonly number[] => Array.from({ length: TIMES }, () => status)

describe.each([true, false])('the published journal, open: %s', (open) => {
  beforeEach(async () => {
    now += 86_400_000
    app = await openApp(open)
    return () => app.close()
  })

  it.each(['GET', 'HEAD'] as const)('is read by %s with the token as fast as one likes, and journals nothing', async (method) => {
    expect(await often({ method, headers: BEARS })).toEqual({ statuses: all(200), entries: 0 })
  })

  it.each<[string, Said, number, number]>([
    ['asks for the journal without the token', {}, open ? 200 : 401, open ? 0 : BURST],
    ['asks for it with another token', { headers: { authorization: 'Bearer another' } }, open ? 200 : 401, open ? 0 : BURST],
    ['posts below it', { method: 'POST' }, 404, BURST],
    ['posts below it with the token', { method: 'POST', headers: BEARS }, 404, BURST],
    ['names another host', { headers: { host: 'evil.example' } }, 400, BURST],
    ['names another host with the token', { headers: { host: 'evil.example', ...BEARS } }, 400, BURST],
    ['comes from another page with the token', { headers: { origin: 'https://evil.example', ...BEARS } }, 400, BURST],
  ])('is metered for who %s: the journal grows no further', async (_, said, status, entries) => {
    expect(await often(said)).toEqual({ statuses: capped(status), entries })
  })

  it.each([
    ['/journal/check:point', 0],
    ['/journal/%zz', BURST],
  ])('meters a path that is spelt as none is, with the token too: %s', async (url, entries) => {
    expect(await often({ url, headers: BEARS })).toEqual({ statuses: capped(404), entries })
  })
})
