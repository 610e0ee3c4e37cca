import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { doorFor } from '../support/agent-app.ts'
import type { HeldSession } from '../support/caller.ts'
import { sharedServer, urlOf } from '../support/database.ts'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { poolOf } from '../support/journal.ts'
import { type Held, type PgProxy, pgProxy } from '../support/pg-proxy.ts'
import { type Heard, say } from '../support/stranger.ts'
import { type CountingProxy, countingProxy } from './counting-proxy.ts'

/** Of the statement that appends: it goes to PostgreSQL by this name. */
const APPEND = 'journal_append'
const META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} }

let here: TestGate
let app: FastifyInstance
let wire: PgProxy
let front: CountingProxy
let held: HeldSession
/** As the superuser: for looking, and for breaking things. */
let admin: pg.Pool

beforeAll(async () => {
  let made: PgProxy | undefined
  const journalVia = async (url: string): Promise<string> => {
    const { superuser } = await sharedServer()
    admin = poolOf(urlOf(superuser, new URL(url).pathname.slice(1)))
    made = await pgProxy(url)
    return made.url
  }
  here = await openTestGate({ journalVia })
  if (made === undefined) throw new Error('no wire')
  wire = made
  Object.assign(here.weather, { limits: { subject: 1_000_000, price: 1_000_000 } })
  app = await doorFor(here, () => held, { host: '127.0.0.1', failed: () => undefined })
  await app.listen({ host: '127.0.0.1', port: 0 })
  front = await countingProxy((app.server.address() as AddressInfo).port)
})
afterAll(async () => {
  await Promise.all([front.close(), admin.end()])
  await app.close()
  await here.close()
  await wire.close()
})

const ASKS = {
  read: ['getShipmentSummary', { shipmentId: 'S-A1' }],
  list: ['findShipments', { status: 'planned', limit: 3 }],
  proposal: ['proposeStatusChange', { shipmentId: 'S-A1', status: 'held', reason: 'the customer asked' }],
  draft: ['prepareReturnLabel', { shipmentId: 'S-A1', parcels: 1 }],
} as const
type Kind = keyof typeof ASKS

/** REST; MCP as the newest clients speak it, which has a path of its own; and MCP through the SDK, in the era before. */
const WAYS = ['rest', 'mcp', 'mcp by the SDK'] as const
type Way = (typeof WAYS)[number]

function ask(way: Way, kind: Kind): Promise<Heard> {
  const [operation, input] = ASKS[kind]
  const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  if (way === 'rest') return say(front.url, { path: `/v1/operations/${operation}`, headers: json, body: JSON.stringify(input) })
  const direct = way === 'mcp'
  const headers = direct
    ? { ...json, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': operation }
    : { ...json, 'mcp-protocol-version': '2025-11-25' }
  const params = { name: operation, arguments: input, ...(direct ? { _meta: META } : {}) }
  return say(front.url, { path: '/mcp', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }) })
}

const size = async (): Promise<number> => Number((await here.pool.query<{ readonly size: string }>('select size from journal_head')).rows[0]?.size)
const kept = async (): Promise<unknown> =>
  (await here.pool.query('select (select count(*) from change) as changes, (select count(*) from draft) as drafts')).rows[0]

/** An ask whose entry's append is caught on the wire. It is under way when this resolves, and not a byte of an answer came. */
async function askHeld(
  way: Way,
  kind: Kind,
  when: 'before' | 'after',
  keptBytes: number,
): Promise<{ readonly append: Held; readonly heard: Promise<Heard>; readonly from: number; readonly bytes: number }> {
  const [from, bytes] = [await size(), front.answered()]
  const caught = wire.holdAt(APPEND, when, keptBytes)
  const heard = ask(way, kind)
  const append = await Promise.race([caught, heard.then(({ text }) => Promise.reject(new Error(`answered before it was recorded: ${text}`)))])
  return { append, heard, from, bytes }
}

/** What only an answer holds: rows of the source, or the id of what was kept. */
const ANSWERS = /"rows|Hamburg|Lyon|in_transit|cus_|chg_|drf_|"state|waitsFor/

function expectAnswer({ status, text }: Heard, index: number): void {
  expect(status).toBe(200)
  expect(text).toMatch(ANSWERS)
  expect(text).toMatch(new RegExp(`"index":${index}\\b`))
}

function expectRefusal({ status, text }: Heard, way: Way): void {
  expect(status).toBe(way === 'rest' ? 503 : 200)
  expect(text).toMatch(way === 'rest' ? /"code":"journal_unavailable"/ : /\(journal_unavailable\)/)
  expect(text).not.toMatch(ANSWERS)
}

const cases = {
  way: fc.constantFrom(...WAYS),
  kind: fc.constantFrom(...(Object.keys(ASKS) as Kind[])),
  when: fc.constantFrom('before' as const, 'after' as const),
  /** How much of the database's answer is kept: its last byte alone, or any part, or all. */
  keptBytes: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 120 }), fc.constant(100_000)),
  heldMs: fc.integer({ min: 0, max: 60 }),
}

describe('not one byte of an answer', () => {
  it('leaves while the database has not confirmed the entry, wherever its word is held; then it is the answer with that entry', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(cases), async ({ way, kind, when, keptBytes, heldMs }) => {
        held = await here.session()
        const { append, heard, from, bytes } = await askHeld(way, kind, when, keptBytes)
        await pause(heldMs)
        expect(await size()).toBe(when === 'after' ? from + 1 : from)
        expect(front.answered()).toBe(bytes)
        append.release()
        expectAnswer(await heard, from)
        expect(await size()).toBe(from + 1)
      }),
      {
        numRuns: 60,
        examples: WAYS.flatMap((way) =>
          (Object.keys(ASKS) as Kind[]).map((kind) => [{ way, kind, when: 'after' as const, keptBytes: 1, heldMs: 30 }] as [never]),
        ),
      },
    )
  })

  it('leaves where the confirmation never comes: it is a refusal, with no row in it, and nothing is kept', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(cases), async ({ way, kind, when, keptBytes, heldMs }) => {
        const before = await kept()
        held = await here.session()
        const { append, heard, from, bytes } = await askHeld(way, kind, when, keptBytes)
        await pause(heldMs)
        expect(front.answered()).toBe(bytes)
        append.cut()
        expectRefusal(await heard, way)
        expect(await kept()).toEqual(before)
        expect(await size()).toBeLessThanOrEqual(from + 1)
      }),
      { numRuns: 50 },
    )
  })

  it.each(WAYS.flatMap((way) => (Object.keys(ASKS) as Kind[]).map((kind) => [way, kind] as const)))(
    'leaves where the database refuses the entry (%s, %s): it is a refusal, and the next ask is answered',
    async (way, kind) => {
      held = await here.session()
      const before = await kept()
      await admin.query("create function no() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$")
      await admin.query('create trigger no before insert on journal_entry for each row execute function no()')
      try {
        const { append, heard, from, bytes } = await askHeld(way, kind, 'after', 1)
        expect(front.answered()).toBe(bytes)
        append.release()
        expectRefusal(await heard, way)
        expect(await size()).toBe(from)
        expect(await kept()).toEqual(before)
      } finally {
        await admin.query('drop trigger no on journal_entry')
        await admin.query('drop function no()')
      }
      expectAnswer(await ask(way, kind), await size().then((now) => now - 1))
    },
  )

  it.each(WAYS)('follows a refusal (%s) that went out because the confirmation was late, when that comes after all', { timeout: 20_000 }, async (way) => {
    held = await here.session()
    const { append, heard, from } = await askHeld(way, 'read', 'after', 1)
    expectRefusal(await heard, way)
    const bytes = front.answered()
    expect(await size()).toBe(from + 1)
    append.release()
    // The ask after it is answered with an entry behind: the late one was heard by then.
    expectAnswer(await ask(way, 'read'), from + 1)
    expect(front.answered()).toBeGreaterThan(bytes)
  })
})
