import type { Client } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nextStepOf, type RefusalCode, statusOf, titleOf } from '../../src/model/refusal.ts'
import { type HouseJournal, houseJournal } from '../support/entries.ts'
import { mcpVisitor, toolText } from '../support/mcp-visitor.ts'
import { type PilotHouse, startPilot } from '../support/pilot.ts'
import { openProvenSession, type ProvenSession } from '../support/session.ts'
import { holdSource, withoutEffect } from '../support/standing.ts'
import { type Heard, type Said, say } from '../support/stranger.ts'
import { opened } from '../support/unsealed.ts'

const READ = '/v1/operations/getShipmentSummary'
const JSON_TYPE = { 'content-type': 'application/json' }
const CONTROLLED = { costMax: 60, costPerMinute: 1500, sourcePerSecond: 20, sourceBurst: 100 }

let pilot: PilotHouse
let session: ProvenSession
let agent: Client
let journal: HouseJournal
let gate: string

beforeAll(async () => {
  pilot = await startPilot({ limits: CONTROLLED })
  gate = pilot.raise.gateUrl
  session = await openProvenSession(pilot)
  await session.ask('GET', '/v1/operations')
  agent = await mcpVisitor(session, gate)
  journal = houseJournal(pilot.raise.house)
})
afterAll(async () => {
  await agent.close()
  await journal.close()
  await pilot.close()
})

/** Everything a problem says, from its code and its own sentence. */
const problem = (code: RefusalCode, detail: string, correlationId: unknown) => ({
  type: `urn:gatehouse:refusal:${code}`,
  title: titleOf(code),
  status: statusOf(code),
  detail,
  code,
  correlationId,
  next: nextStepOf(code),
})

it('takes no batch of messages: one proof is for one ask', async () => {
  const from = (await journal.since(0)).length
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'getShipmentSummary', arguments: { shipmentId: 'S' } } }
  const answer = await withoutEffect(pilot.raise, () =>
    session.ask('POST', '/mcp', [message, { ...message, id: 2 }], { accept: 'application/json, text/event-stream' }),
  )
  const said = (await answer.json()) as { readonly code: string; readonly detail: string }
  expect([answer.status, said.code, said.detail]).toEqual([400, 'malformed_request', 'one message at a time: batches are not taken'])
  expect((await journal.since(from)).map(({ kind, outcome }) => [kind, outcome])).toEqual([['ask.refused', 'malformed_request']])
})

it('holds the source so that an ask which reaches it is seen to wait, and is answered when it is let go', async () => {
  const shipmentId = await someShipment()
  const held = await holdSource(pilot.raise)
  const asked = session.ask('POST', READ, { shipmentId })
  await expect.poll(held.waiting).toBe(1)
  await held.release()
  expect((await asked).status).toBe(200)
})

const ARGUMENTS: readonly {
  readonly what: string
  readonly operation: string
  readonly input: Record<string, unknown>
  readonly code: RefusalCode
  readonly detail: string
}[] = [
  { what: 'an unknown operation', operation: 'exportEverything', input: {}, code: 'unknown_operation', detail: 'there is no operation `exportEverything`' },
  {
    what: 'the name of something every object has',
    operation: 'constructor',
    input: {},
    code: 'unknown_operation',
    detail: 'there is no operation `constructor`',
  },
  {
    what: 'an argument of the wrong type',
    operation: 'getShipmentSummary',
    input: { shipmentId: 7 },
    code: 'invalid_input',
    detail: '`shipmentId`: invalid input: expected string, received number',
  },
  {
    what: 'an extra argument',
    operation: 'getShipmentSummary',
    input: { shipmentId: 'S-1', fields: '*' },
    code: 'invalid_input',
    detail: 'unrecognized key: "fields"',
  },
  {
    what: 'an argument that is missing',
    operation: 'proposeStatusChange',
    input: { shipmentId: 'S-1', status: 'held' },
    code: 'invalid_input',
    detail: '`reason`: invalid input: expected string, received undefined',
  },
]

describe.each(ARGUMENTS)('$what', ({ operation, input, code, detail }) => {
  it(`is ${code} over REST, recorded, and nothing else happens`, async () => {
    const answer = await withoutEffect(pilot.raise, () => session.ask('POST', `/v1/operations/${operation}`, input))
    const correlation = answer.headers.get('x-correlation-id')
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(await answer.json()).toEqual(problem(code, detail, correlation))
    const known = code === 'unknown_operation' ? {} : { operation }
    expect(await journal.about(correlation ?? '')).toMatchObject([
      { kind: 'ask.refused', outcome: code, session: session.id, person: expect.stringMatching(/^p-/), ...known },
    ])
    expect(JSON.stringify(await journal.about(correlation ?? ''))).not.toMatch(/exportEverything|constructor|S-1/)
  })

  it(`is ${code} over MCP, in the same words, as a result the agent can hand on`, async () => {
    const { isError, text } = await withoutEffect(pilot.raise, () => toolText(agent, operation, input))
    const correlation = /req-\w+/.exec(text)?.[0] ?? ''
    expect(isError).toBe(true)
    expect(text).toBe(`Refused: ${titleOf(code)}. ${detail}.\nNext: ${nextStepOf(code)}.\nCorrelation id: ${correlation} (${code})`)
    expect(await journal.about(correlation)).toMatchObject([{ kind: 'ask.refused', outcome: code, session: session.id }])
  })
})

const NOT_JSON = 'the body is not valid JSON of a known content type'
const FORMS: readonly { readonly what: string; readonly said: Said; readonly code: RefusalCode; readonly detail: string }[] = [
  { what: 'malformed JSON', said: { path: READ, headers: JSON_TYPE, body: '{"shipmentId":' }, code: 'malformed_request', detail: NOT_JSON },
  {
    what: 'JSON that would reach into prototypes',
    said: { path: READ, headers: JSON_TYPE, body: '{"__proto__":{}}' },
    code: 'malformed_request',
    detail: NOT_JSON,
  },
  { what: 'XML', said: { path: READ, headers: { 'content-type': 'application/xml' }, body: '<a/>' }, code: 'malformed_request', detail: NOT_JSON },
  {
    what: 'a form where JSON belongs',
    said: { path: READ, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b' },
    code: 'malformed_request',
    detail: NOT_JSON,
  },
  {
    what: 'a body one byte too large',
    said: { path: READ, headers: JSON_TYPE, body: JSON.stringify('a'.repeat(256 * 1024 - 1)) },
    code: 'payload_too_large',
    detail: 'a request may hold 262144 bytes',
  },
  {
    what: 'a large body at /mcp',
    said: { path: '/mcp', headers: JSON_TYPE, body: JSON.stringify('a'.repeat(300_000)) },
    code: 'payload_too_large',
    detail: 'a request may hold 262144 bytes',
  },
  {
    what: 'a path that leads nowhere',
    said: { method: 'GET', path: '/v1/tables/shipment' },
    code: 'no_such_address',
    detail: 'there is nothing at this address',
  },
  {
    what: 'the path of an operation with a slash behind it',
    said: { path: `${READ}/`, headers: JSON_TYPE, body: '{}' },
    code: 'no_such_address',
    detail: 'there is nothing at this address',
  },
  { what: 'an address that cannot be read', said: { path: '/v1/operations/%zz' }, code: 'no_such_address', detail: 'there is nothing at this address' },
  { what: 'another method', said: { method: 'DELETE', path: READ }, code: 'no_such_address', detail: 'there is nothing at this address' },
  {
    what: "another name in Host, as a page's own name rebound to us",
    said: { path: READ, headers: { ...JSON_TYPE, host: 'evil.example' }, body: '{}' },
    code: 'malformed_request',
    detail: 'this is not a name this gate answers to',
  },
  {
    what: 'another name in Host at /mcp',
    said: { path: '/mcp', headers: { ...JSON_TYPE, host: '127.0.0.1.evil.example:80' }, body: '{}' },
    code: 'malformed_request',
    detail: 'this is not a name this gate answers to',
  },
  {
    what: 'a foreign Origin',
    said: { path: READ, headers: { ...JSON_TYPE, origin: 'https://evil.example' }, body: '{}' },
    code: 'malformed_request',
    detail: 'web pages of other origins may not ask here',
  },
  {
    what: 'an Origin of a file or a sandboxed frame',
    said: { path: '/mcp', headers: { ...JSON_TYPE, origin: 'null' }, body: '{}' },
    code: 'malformed_request',
    detail: 'web pages of other origins may not ask here',
  },
]

describe.each(FORMS)('$what', ({ said, code, detail }) => {
  it(`is ${code}, before anyone is asked who they are, recorded, and nothing else happens`, async () => {
    const size = await journal.size()
    const answer = await withoutEffect(pilot.raise, () =>
      say(gate, { ...said, headers: { ...said.headers, ...session.headers(said.method ?? 'POST', said.path) } }),
    )
    expect(answer.body).toEqual(problem(code, detail, String(answer.body['correlationId'])))
    expect(answer.status).toBe(statusOf(code))
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(await journal.about(String(answer.body['correlationId']), size)).toMatchObject([{ kind: 'ask.refused', outcome: code }])
  })
})

it('takes a body of exactly as much as it may hold', async () => {
  const asked = await session.ask('POST', READ, JSON.stringify('a'.repeat(256 * 1024 - 2)))
  expect(await asked.json()).toMatchObject({ code: 'invalid_input' })
})

describe('an agent that asks too often', () => {
  it('is rate_limited, told when to come back in header, body and words, over REST and MCP; the source is not asked', async () => {
    const asks = await Promise.all(
      Array.from({ length: 12 }, () => session.ask('POST', '/v1/operations/proposeStatusChange', { shipmentId: 'NONE', status: 'held', reason: 'r' })),
    )
    const codes = await Promise.all(asks.map(async (answer) => (await answer.json()) as { code: string }))
    expect(codes.filter(({ code }) => code === 'not_found')).toHaveLength(10)
    const last = await withoutEffect(pilot.raise, () =>
      session.ask('POST', '/v1/operations/proposeStatusChange', { shipmentId: 'NONE', status: 'held', reason: 'r' }),
    )
    const seconds = Number(last.headers.get('retry-after'))
    const detail = `\`proposeStatusChange\` may be asked 10 times a minute; the next in ${seconds} s`
    const correlation = last.headers.get('x-correlation-id') ?? ''
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(6)
    expect(await last.json()).toEqual({ ...problem('rate_limited', detail, correlation), retryAfterSeconds: seconds })
    expect(await journal.about(correlation)).toMatchObject([{ kind: 'ask.refused', outcome: 'rate_limited', operation: 'proposeStatusChange' }])

    const { text } = await withoutEffect(pilot.raise, () => toolText(agent, 'proposeStatusChange', { shipmentId: 'NONE', status: 'held', reason: 'r' }))
    expect(text).toMatch(
      /^Refused: Too many asks\. `proposeStatusChange` may be asked 10 times a minute; the next in \d s\.\nNext: wait, then ask again\.\nTry again in \d s\.\n/,
    )
  })
})

describe('an address that floods the gate', () => {
  it('is source_capped and counted in one entry, not one by one, while other addresses are answered', async () => {
    const size = await journal.size()
    const flood: readonly Heard[] = await Promise.all(
      Array.from({ length: 300 }, () => say(gate, { path: READ, headers: JSON_TYPE, body: '{}', from: '127.0.0.9' })),
    )
    const capped = flood.filter(({ status }) => status === 429)
    expect(capped.length).toBeGreaterThan(150)
    const [first] = capped
    expect(first?.body).toMatchObject({ code: 'source_capped', detail: 'too many requests from this address', retryAfterSeconds: 1 })
    expect(first?.headers['retry-after']).toBe('1')
    expect((await session.ask('GET', '/v1/operations')).status).toBe(200)

    await expect.poll(async () => (await journal.since(size)).filter(({ kind }) => kind === 'sources.capped'), { timeout: 15_000 }).toHaveLength(1)
    const told = (await journal.since(size)).filter(({ outcome }) => outcome === 'source_capped')
    expect(JSON.stringify(told)).not.toContain('127.0.0.9')
    expect(await opened(pilot.raise, told)).toMatchObject([{ kind: 'sources.capped', detail: { counts: { '127.0.0.9': capped.length } } }])
  }, 30_000)
})

async function someShipment(): Promise<string> {
  const found = (await (await session.ask('POST', '/v1/operations/findShipments', { plannedFrom: '2000-01-01', limit: 1 })).json()) as {
    readonly rows: readonly { readonly shipmentId: string }[]
  }
  return found.rows[0]?.shipmentId ?? ''
}
