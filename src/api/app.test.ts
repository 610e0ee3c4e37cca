import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { doorFor } from '../../test/support/agent-app.ts'
import { heldSession } from '../../test/support/caller.ts'
import { openTestGate, type TestGate } from '../../test/support/gate.ts'
import { Problem } from '../contract/connector.ts'
import { sourceCap } from '../limits/source-cap.ts'
import { statusOf } from '../model/refusal.ts'

const HOST = 'gate.example'
const READ = '/v1/operations/getShipmentSummary'
const JSON_TYPE = { host: HOST, 'content-type': 'application/json' }
let here: TestGate
let app: FastifyInstance
beforeAll(async () => {
  here = await openTestGate()
  app = await doorFor(here, heldSession, { host: HOST, failed: () => undefined })
})
afterAll(async () => {
  await app.close()
  await here.close()
})
beforeEach(() => {
  here.weather.journal = 'up'
})

const ELSEWHERE = 'there is nothing at this address'
const NOT_JSON = 'the body is not valid JSON of a known content type'
type Case = readonly [what: string, sent: InjectOptions, code: 'no_such_address' | 'malformed_request' | 'payload_too_large', detail: string]
const TURNED_AWAY: readonly Case[] = [
  ['an address where there is nothing', { url: '/v1/tables/CANARY' }, 'no_such_address', ELSEWHERE],
  ['another method', { method: 'DELETE', url: READ }, 'no_such_address', ELSEWHERE],
  ['a slash behind it', { method: 'POST', url: `${READ}/`, headers: JSON_TYPE, payload: '{}' }, 'no_such_address', ELSEWHERE],
  ['an address that cannot be decoded', { url: '/v1/operations/%zzCANARY' }, 'no_such_address', ELSEWHERE],
  ['a name of 101 characters', { method: 'POST', url: `/v1/operations/${'a'.repeat(101)}`, headers: JSON_TYPE, payload: '{}' }, 'no_such_address', ELSEWHERE],
  ['broken JSON', { method: 'POST', url: READ, headers: JSON_TYPE, payload: '{"CANARY":' }, 'malformed_request', NOT_JSON],
  ['XML', { method: 'POST', url: READ, headers: { ...JSON_TYPE, 'content-type': 'text/xml' }, payload: '<CANARY/>' }, 'malformed_request', NOT_JSON],
  [
    'a body a byte too large',
    { method: 'POST', url: READ, headers: JSON_TYPE, payload: JSON.stringify('a'.repeat(256 * 1024 - 1)) },
    'payload_too_large',
    'a request may hold 262144 bytes',
  ],
  ["a stranger's name in Host", { url: '/healthz', headers: { host: 'CANARY.example' } }, 'malformed_request', 'this is not a name this gate answers to'],
  [
    'a foreign Origin',
    { url: '/healthz', headers: { host: HOST, origin: 'https://CANARY.example' } },
    'malformed_request',
    'web pages of other origins may not ask here',
  ],
  [
    "a stranger's name in Host, at an address that cannot be decoded",
    { url: '/%', headers: { host: 'CANARY' } },
    'malformed_request',
    'this is not a name this gate answers to',
  ],
]

describe("the agents' front door", () => {
  it.each(TURNED_AWAY)('turns away %s with a problem, and records it without what was sent', async (_, sent, code, detail) => {
    const from = (await here.entries()).length
    const answer = await app.inject({ headers: { host: HOST }, ...sent })
    const problem = Problem.parse(answer.json())
    expect(problem).toEqual({ ...problem, type: `urn:gatehouse:refusal:${code}`, status: statusOf(code), code, detail })
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([statusOf(code), expect.stringContaining('application/problem+json')])
    const entries = await here.entries(from)
    expect(entries).toMatchObject([{ kind: 'ask.refused', outcome: code, correlation: problem.correlationId }])
    expect(JSON.stringify(entries)).not.toContain('CANARY')
  })

  it.each(TURNED_AWAY)('says of %s only that the journal is down, while it is', async (_, sent) => {
    here.weather.journal = 'down'
    const from = (await here.entries()).length
    const answer = await app.inject({ headers: { host: HOST }, ...sent })
    expect(Problem.parse(answer.json())).toMatchObject({ status: 503, code: 'journal_unavailable' })
    expect(await here.entries(from)).toEqual([])
  })

  it('outlives a fault of ours at an address that cannot be read, and hears of it', async () => {
    const heard: unknown[] = []
    const gate = { ...here.gate, record: () => Promise.reject(new TypeError('CANARY is not a function')) }
    const broken = await doorFor(here, heldSession, { host: HOST, failed: (cause) => void heard.push(cause), door: { gate } })
    await expect(broken.inject({ url: '/%', headers: { host: HOST } })).rejects.toThrow('destroyed')
    expect(heard).toEqual([expect.any(TypeError)])
    await broken.close()
  })

  it.each(['/v1/tables', '/v1/operations/%zz', `/v1/operations/${'a'.repeat(101)}`])('counts %s to its address like any other request', async (url) => {
    const sources = sourceCap({ perSecond: 1, burst: 1 })
    const capped = await doorFor(here, heldSession, { host: HOST, failed: () => undefined, sources })
    const from = (await here.entries()).length
    const codes = []
    for (let times = 0; times < 3; times++) codes.push(Problem.parse((await capped.inject({ url, headers: { host: HOST } })).json()).code)
    expect(codes).toEqual(['no_such_address', 'source_capped', 'source_capped'])
    expect([...sources.drain().values()]).toEqual([2])
    expect(await here.entries(from)).toHaveLength(1)
    await capped.close()
  })
})
