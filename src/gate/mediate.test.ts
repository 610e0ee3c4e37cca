import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type HeldSession, heldSession } from '../../test/support/caller.ts'
import { openTestGate, type TestGate } from '../../test/support/gate.ts'
import { fetchedOf, must, tokensOf } from '../../test/support/stages.ts'
import { canonical, type Json } from '../base/canonical.ts'
import { refuse } from '../base/outcome.ts'
import { reserver } from '../limits/reserve.ts'
import { cover } from '../mask/cover.ts'
import type { Session } from '../model/principal.ts'
import { refusal } from '../model/refusal.ts'
import type { Gate } from './gate.ts'
import { mediate } from './mediate.ts'
import { release } from './release.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())
afterEach(() => Object.assign(here.weather, { journal: 'up', ledger: 'up', source: null, limits: { subject: 150, price: 1000 } }))

const SUMMARY = { shipmentId: 'S-A1' }

/** One ask of a session of its own: what came of it, what the source was asked for it, and what it left in the journal. */
async function asking(operation: string, input: unknown, { gate = here.gate, over = {} }: { readonly gate?: Gate; readonly over?: Partial<Session> } = {}) {
  const held = await here.session(over)
  const [from, before] = [(await here.entries()).length, here.asked.length]
  const knock = here.knock(held, operation, input)
  const outcome = await mediate(gate, knock)
  const wasDown = here.weather.journal === 'down'
  here.weather.journal = 'up'
  return { outcome, knock, session: held.session, asked: here.asked.length - before, entries: await here.entries(from), wasDown }
}

type Case = readonly [
  what: string,
  code: string,
  asked: number,
  operation: string,
  input: unknown,
  more?: { readonly over?: Partial<Session>; readonly prepare?: () => void; readonly gate?: () => Gate },
]

/** Every stage that can turn an ask back, and whether the source had been asked by then. */
const REFUSALS: readonly Case[] = [
  ['an operation that does not exist', 'unknown_operation', 0, 'getEverything', SUMMARY],
  ['an argument of another type', 'invalid_input', 0, 'getShipmentSummary', { shipmentId: 7 }],
  ['an extra argument', 'invalid_input', 0, 'getShipmentSummary', { ...SUMMARY, fields: '*' }],
  ["another session's token", 'reference_meaningless', 0, 'findShipments', { customer: tokensOf('s-other').seal('acc', 'A') }],
  [
    "another session's cursor",
    'reference_meaningless',
    0,
    'findShipments',
    { status: 'planned', cursor: tokensOf('s-other').seal('nxt', 'findShipments\nS-A1') },
  ],
  ['a use case no rule speaks of', 'forbidden', 0, 'getShipmentSummary', SUMMARY, { over: { useCase: 'nobody-knows' } }],
  [
    'a cost beyond what one ask may',
    'too_complex',
    0,
    'getShipmentSummary',
    SUMMARY,
    { gate: () => ({ ...here.gate, reserve: reserver({ costMax: 1, costPerMinute: 9 }) }) },
  ],
  ['a record that is not there', 'not_found', 1, 'getShipmentSummary', { shipmentId: 'S-A99' }],
  ["another account's record", 'not_found', 1, 'getShipmentSummary', { shipmentId: 'S-B1' }],
  ['a session without accounts', 'not_found', 1, 'getShipmentSummary', SUMMARY, { over: { accounts: [] } }],
  [
    'a source that is down',
    'source_unavailable',
    1,
    'getShipmentSummary',
    SUMMARY,
    { prepare: () => (here.weather.source = async () => refuse(refusal('source_unavailable', 'down'))) },
  ],
  ['a person too many', 'exposure_exceeded', 1, 'getShipmentSummary', SUMMARY, { prepare: () => (here.weather.limits = { subject: 0, price: 1000 }) }],
  [
    'a price too many',
    'exposure_exceeded',
    1,
    'getShipmentSummary',
    SUMMARY,
    { over: { useCase: 'exception-desk' }, prepare: () => (here.weather.limits = { subject: 150, price: 1 }) },
  ],
  ['a ledger that cannot be written', 'store_unavailable', 1, 'getShipmentSummary', SUMMARY, { prepare: () => (here.weather.ledger = 'down') }],
]

describe('mediate', () => {
  it('answers with covered rows, and with the entry that says so', async () => {
    const { outcome, knock, session, entries, asked } = await asking('getShipmentSummary', SUMMARY)
    const answer = must(outcome)
    expect(answer.rows[0]).toMatchObject({ shipmentId: 'S-A1', status: 'in_transit', contactPhone: '•••77', freightCost: '[redacted]' })
    expect(answer.covered).toMatchObject({ contactPhone: 'partial', customerName: 'token', notes: 'redact' })
    expect(answer.covered).not.toHaveProperty('status')
    expect([asked, entries.length]).toEqual([1, 1])
    expect(entries[0]).toMatchObject({
      kind: 'ask.answered',
      outcome: 'done',
      correlation: knock.correlation,
      session: session.id,
      person: 'anna',
      device: session.device,
      operation: 'getShipmentSummary',
      digest: answer.entry.digest,
      detail: { asked: SUMMARY, concerns: ['A'], rows: 1, rule: 'inquiry-reads', subjects: 1, prices: 0 },
    })
  })

  it.each(REFUSALS.map(([what, code, asked, operation, input, more = {}]) => ({ what, code, asked, operation, input, more })))(
    'turns back $what as $code, records it, and asks the source $asked times',
    async ({ code, asked, operation, input, more }) => {
      more.prepare?.()
      const turned = await asking(operation, input, { ...(more.gate ? { gate: more.gate() } : {}), ...(more.over ? { over: more.over } : {}) })
      expect(turned.outcome).toMatchObject({ ok: false, refusal: { code } })
      expect(turned.asked).toBe(asked)
      expect(turned.entries).toMatchObject([
        { kind: 'ask.refused', outcome: code, correlation: turned.knock.correlation, session: turned.session.id, person: 'anna' },
      ])
      expect(turned.entries[0]?.operation).toBe(operation === 'getEverything' ? undefined : operation)
      const understood = !['unknown_operation', 'invalid_input', 'reference_meaningless'].includes(code)
      expect(turned.entries[0]?.detail?.['asked']).toEqual(understood ? input : undefined)
      expect(canonical(turned.entries as unknown as Json)).not.toContain('CANARY')
    },
  )

  it('turns back an ask over the limit, with the seconds to wait, and asks the source no more', async () => {
    const gate = { ...here.gate, reserve: reserver({ costMax: 60, costPerMinute: 3 }) }
    const held = await here.session()
    expect((await mediate(gate, here.knock(held, 'getShipmentSummary', SUMMARY))).ok).toBe(true)
    const [from, before] = [(await here.entries()).length, here.asked.length]
    expect(await mediate(gate, here.knock(held, 'getShipmentSummary', SUMMARY))).toMatchObject({
      ok: false,
      refusal: { code: 'rate_limited', retryAfterSeconds: 20 },
    })
    expect(here.asked).toHaveLength(before)
    expect(await here.entries(from)).toMatchObject([{ kind: 'ask.refused', outcome: 'rate_limited' }])
  })

  it('turns back a stranger: nobody is named in the entry, and nothing is looked at that they sent', async () => {
    const stranger = heldSession()
    const [from, before] = [(await here.entries()).length, here.asked.length]
    const knock = here.knock(stranger, 'CANARY-operation', { CANARY: 'CANARY' })
    expect(await mediate(here.gate, knock)).toMatchObject({ ok: false, refusal: { code: 'token_unknown' } })
    const entries = await here.entries(from)
    expect(entries).toMatchObject([{ kind: 'ask.refused', outcome: 'token_unknown', correlation: knock.correlation }])
    for (const name of ['session', 'person', 'device', 'operation']) expect(entries[0]).not.toHaveProperty(name)
    expect(JSON.stringify(entries)).not.toContain('CANARY')
    expect(here.asked).toHaveLength(before)
  })

  it('lets nothing leave while the journal is down, be it an answer or a refusal', async () => {
    for (const [operation, input] of [
      ['getShipmentSummary', SUMMARY],
      ['getShipmentSummary', { shipmentId: 'S-A99' }],
      ['getEverything', {}],
    ] as const) {
      here.weather.journal = 'down'
      const { outcome, entries, wasDown } = await asking(operation, input)
      expect(wasDown).toBe(true)
      expect(outcome).toMatchObject({ ok: false, refusal: { code: 'journal_unavailable' } })
      expect(JSON.stringify(outcome)).not.toContain('S-A1')
      expect(entries).toEqual([])
    }
  })

  it('keeps a budget spent though the journal refused the answer', async () => {
    here.weather.limits = { subject: 1, price: 1000 }
    const held = await here.session({ accounts: ['A', 'B'] })
    here.weather.journal = 'down'
    expect((await here.ask(held, 'getShipmentSummary', SUMMARY)).ok).toBe(false)
    here.weather.journal = 'up'
    expect(await here.ask(held, 'getShipmentSummary', { shipmentId: 'S-B1' })).toMatchObject({ refusal: { code: 'exposure_exceeded' } })
  })

  it('releases nothing to a session revoked while its ask was under way', async () => {
    const held = await here.session()
    const from = (await here.entries()).length
    here.weather.source = async (_, own) => {
      here.identity.revocation.heard(held.session.id)
      return own
    }
    const outcome = await mediate(here.gate, here.knock(held, 'getShipmentSummary', SUMMARY))
    expect(outcome).toEqual({ ok: false, refusal: { code: 'session_revoked', detail: 'the session was revoked while the ask was under way' } })
    expect((await here.entries(from)).map(({ kind }) => kind)).toEqual(['ask.answered'])
    expect(await mediate(here.gate, here.knock(held, 'getShipmentSummary', SUMMARY))).toMatchObject({ refusal: { code: 'session_revoked' } })
  })
})

describe('release', () => {
  async function disclosable(held: HeldSession) {
    const caller = must(await held.authenticate(here.identity))
    const ask = must(here.gate.parse('findShipments', { status: 'held' }, tokensOf(held.session.id).open))
    const permit = must(here.gate.authorise(caller, ask, { hour: 12, weekday: 1 }))
    const rows = [{ shipmentId: 'S-A1', customerId: 'A', status: 'held' }]
    return must(await here.gate.disclose(cover(await fetchedOf(permit, rows), tokensOf(held.session.id))))
  }

  it('throws on a receipt for other rows, and on one for none', async () => {
    const rows = await disclosable(await here.session())
    const receiptFor = async (digest?: string) =>
      must(await here.gate.record({ kind: 'ask.answered', outcome: 'done', ...(digest === undefined ? {} : { digest }) }))
    for (const receipt of [await receiptFor('another'), await receiptFor(), await receiptFor(`${rows.digest} `)])
      expect(() => release(here.gate, rows, receipt)).toThrow('the receipt is for other rows')
    expect(release(here.gate, rows, await receiptFor(rows.digest))).toMatchObject({
      ok: true,
      value: { rows: [{ shipmentId: 'S-A1' }], entry: { digest: rows.digest } },
    })
  })
})
