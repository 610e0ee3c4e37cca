import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Fault, openTestApplier, type TestApplier } from '../../test/support/applier.ts'
import { openTestGate, type TestGate } from '../../test/support/gate.ts'
import { type Change, changeDigest } from '../changes/change.ts'
import type { ChangeState } from '../model/change-state.ts'
import { apply, resume } from './apply.ts'

let here: TestGate
let applier: TestApplier
beforeAll(async () => {
  here = await openTestGate()
  applier = await openTestApplier(here)
})
afterAll(async () => {
  await applier.close()
  await here.close()
})
afterEach(async () => {
  here.weather.journal = 'up'
  // No test leaves a change to the next.
  applier.deciders.splice(0, applier.deciders.length, 'ben')
  await here.pool.query("update change set state = 'failed' where state in ('approved', 'applying', 'unknown_outcome')")
})

const stateOf = async ({ id }: Change): Promise<ChangeState | undefined> => (await here.gate.changes.find(id))?.state
const kindsOf = async (change: Change, from: number) =>
  (await here.entries(from)).filter(({ detail }) => detail?.['change'] === change.id).map(({ kind }) => kind)

/** A step at which the applier dies or is refused; where the change then stands; where it comes to by itself; how often the record was written in all. */
const FAILURES: readonly (readonly [fault: Fault, left: ChangeState, settled: ChangeState, writes: number])[] = [
  [{ step: 'intent', how: 'no' }, 'approved', 'applied', 1],
  [{ step: 'intent', how: 'not done' }, 'approved', 'applied', 1],
  [{ step: 'intent', how: 'done' }, 'approved', 'stale', 0],
  [{ step: 'intent', how: 'no, done' }, 'approved', 'stale', 0],
  [{ step: 'claim', how: 'not done' }, 'approved', 'stale', 0],
  [{ step: 'claim', how: 'no' }, 'approved', 'stale', 0],
  [{ step: 'claim', how: 'done' }, 'applying', 'stale', 0],
  [{ step: 'write', how: 'not done' }, 'applying', 'stale', 0],
  [{ step: 'write', how: 'done' }, 'applying', 'applied', 1],
  [{ step: 'write', how: 'no' }, 'stale', 'stale', 0],
  [{ step: 'write', how: 'no, done' }, 'applied', 'applied', 1],
  [{ step: 'read', how: 'not done' }, 'unknown_outcome', 'applied', 1],
  [{ step: 'read', how: 'no' }, 'unknown_outcome', 'applied', 1],
  [{ step: 'outcome', how: 'no' }, 'applying', 'applied', 1],
  [{ step: 'outcome', how: 'not done' }, 'applying', 'applied', 1],
  [{ step: 'outcome', how: 'done' }, 'applying', 'applied', 1],
  [{ step: 'end', how: 'not done' }, 'applying', 'applied', 1],
  [{ step: 'end', how: 'no' }, 'applying', 'applied', 1],
  [{ step: 'end', how: 'done' }, 'applied', 'applied', 1],
]

const tms = () => here.tms.sql('select shipment_id, status, version from tms.shipment order by 1')
const rejectToo = (change: Change) =>
  here.gate.record({ kind: 'change.decided', outcome: 'done', person: 'eva', digest: changeDigest(change), detail: { change: change.id, decision: 'reject' } })

/** What the journal says after the approval; why the change then has its end; the entries of that. */
const NEVER: readonly (readonly [string, (change: Change) => Promise<unknown>, string, readonly string[]])[] = [
  ['was rejected afterwards', rejectToo, 'it was rejected as well as approved', ['change.voided']],
  [
    'is of a revoked session',
    async (change) => here.gate.record({ kind: 'session.revoked', outcome: 'done', session: change.session }),
    'its session was revoked',
    ['change.voided'],
  ],
  [
    'was approved by somebody who decides no more',
    async () => (applier.deciders.length = 0),
    'who approved it does not decide such changes',
    ['change.voided'],
  ],
  [
    'was voided in the journal alone',
    async (change) => here.gate.record({ kind: 'change.voided', outcome: 'done', detail: { change: change.id } }),
    'it was voided',
    [],
  ],
]

describe('apply', () => {
  it('writes an approved change once, reads it back, and records intent and outcome', async () => {
    const change = await applier.approved('S-A3')
    const [before, from] = [await applier.record('S-A3'), (await here.entries()).length]
    expect(await applier.look()).toEqual(['applied'])
    expect(await applier.record('S-A3')).toEqual({ status: change.after['status'], writes: before.writes + 1 })
    expect(await here.entries(from)).toMatchObject([
      { kind: 'change.applying', digest: changeDigest(change), person: 'anna', session: change.session, detail: { change: change.id, version: 1 } },
      { kind: 'change.applied', digest: changeDigest(change), detail: { before: change.before, after: change.after, fields: ['status'] } },
    ])
    expect(await stateOf(change)).toBe('applied')
    expect(await applier.look()).toEqual([])
  })

  it.each(FAILURES.map(([fault, left, settled, writes]) => ({ ...fault, left, settled, writes })))(
    'at its $step, $how: is left $left, comes to $settled, and is written $writes times',
    async ({ step, how, left, settled, writes }) => {
      const change = await applier.approved('S-A1')
      const before = await applier.record('S-A1')
      const from = (await here.entries()).length
      await applier.look({ step, how })
      expect(await stateOf(change)).toBe(left)
      // Whatever comes after, and however often: processes that begin anew.
      for (let look = 0; look < 3; look++) await applier.look()
      expect(await stateOf(change)).toBe(settled)
      const after = await applier.record('S-A1')
      expect(after.writes - before.writes).toBe(writes)
      expect(after.status).toBe(writes === 1 ? change.after['status'] : before.status)
      expect(await kindsOf(change, from)).toContain(`change.${settled}`)
    },
  )

  it('makes a change stale whose record is another by now: a new version for the approver, nothing written', async () => {
    const change = await applier.approved('S-A2')
    await here.tms.sql("update tms.shipment set status = 'returned' where shipment_id = 'S-A2'")
    const before = await applier.record('S-A2')
    expect(await applier.look()).toEqual(['stale'])
    expect(await applier.record('S-A2')).toEqual(before)
    const stale = await here.gate.changes.find(change.id)
    expect(stale).toMatchObject({ version: 2, before: { status: 'returned' }, after: change.after, decidedBy: null })
    // The old approval is for nothing: not even if the database says it is approved.
    await here.pool.query("update change set state = 'approved' where id = $1", [change.id])
    expect(await applier.look()).toEqual(['no signed entry approves it'])
    expect(await applier.record('S-A2')).toEqual(before)
  })

  it.each<readonly [string, (change: Change) => Promise<unknown>, string]>([
    [
      'was never approved, whatever the database says',
      async ({ id }) => here.pool.query("update change set decided_by = 'ben', state = 'approved', after = '{\"status\": \"returned\"}' where id = $1", [id]),
      'no signed entry proposes this very change',
    ],
    [
      'is for another record by now',
      async ({ id }) => here.pool.query("update change set key = 'S-A4' where id = $1", [id]),
      'no signed entry proposes this very change',
    ],
    [
      'is for another account by now',
      async ({ id }) => here.pool.query("update change set account = 'B', key = 'S-B1' where id = $1", [id]),
      'no signed entry proposes this very change',
    ],
    ['was applied already', async ({ id }) => here.gate.record({ kind: 'change.applied', outcome: 'done', detail: { change: id } }), 'it was applied already'],
  ])('writes nothing of a change that %s, and leaves it', async (_, meddle, why) => {
    const change = await applier.approved('S-A3')
    await meddle(change)
    const [before, from] = [await tms(), (await here.entries()).length]
    expect(await applier.look()).toEqual([why])
    expect([await tms(), await stateOf(change)]).toEqual([before, 'approved'])
    expect(await here.entries(from)).toEqual([])
  })

  it.each(NEVER)('voids a change that %s, with the reason, once, and writes nothing', async (_, meddle, why, kinds) => {
    const change = await applier.approved('S-A3')
    await meddle(change)
    const [before, from] = [await tms(), (await here.entries()).length]
    expect(await applier.look()).toEqual(['voided'])
    expect(await here.gate.changes.find(change.id)).toMatchObject({ state: 'voided', outcome: why })
    expect(await applier.look()).toEqual([])
    expect(await tms()).toEqual(before)
    expect(await here.entries(from)).toMatchObject(kinds.map((kind) => ({ kind, digest: changeDigest(change), detail: { change: change.id, why } })))
  })

  it.each<readonly [Fault['how']]>([['no'], ['not done'], ['done'], ['no, done']])(
    'voids it at the next look though its entry failed at first (%s), and records that once',
    async (how) => {
      const change = await applier.approved('S-A3')
      await rejectToo(change)
      const from = (await here.entries()).length
      await applier.look({ step: 'outcome', how })
      expect(await stateOf(change)).toBe('approved')
      await applier.look()
      expect(await stateOf(change)).toBe('voided')
      expect(await kindsOf(change, from)).toEqual(['change.voided'])
    },
  )

  it('lets the record itself say what became of a change that was begun before it was rejected too', async () => {
    const change = await applier.approved('S-A3')
    const before = await applier.record('S-A3')
    await applier.look({ step: 'write', how: 'done' })
    await here.pool.query("update change set state = 'approved' where id = $1", [change.id])
    await rejectToo(change)
    expect(await applier.look()).toEqual(['applied'])
    expect((await applier.record('S-A3')).writes - before.writes).toBe(1)
  })

  it('writes nothing that was voided in the moment before it was claimed', async () => {
    const change = await applier.approved('S-A3')
    const before = await applier.record('S-A3')
    const parts = await applier.parts()
    await here.pool.query("update change set state = 'voided' where id = $1", [change.id])
    expect(await apply(parts, change)).toEqual({ ok: false, refusal: 'somebody else took it, or it was voided' })
    expect(await applier.record('S-A3')).toEqual(before)
  })

  it('writes once though two appliers take it at once', async () => {
    const change = await applier.approved('S-A3')
    const before = await applier.record('S-A3')
    const [one, two] = [await applier.parts(), await applier.parts()]
    const both = await Promise.all([apply(one, change), apply(two, change)])
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    expect((await applier.record('S-A3')).writes - before.writes).toBe(1)
  })

  it.each<readonly [string, Partial<Change>]>([
    ['an operation that is gone', { operation: 'toString' }],
    ['a field it does not set', { after: { customerId: 'B' } }],
    ['a system without a writer', { system: 'constructor' }],
    ['another resource than its operation', { resource: 'shipment' }],
  ])('does not touch a change of %s, approved or half done', async (_, over) => {
    const change = { ...(await applier.approved('S-A3')), ...over }
    const before = await applier.record('S-A3')
    const parts = {
      ...(await applier.parts()),
      approvals: { judge: () => ({ ok: true, value: 'approved' }) as const, isBegun: () => true, isVoided: () => false },
    }
    for (const outcome of [await apply(parts, change), await resume(parts, { ...change, state: 'applying' })])
      expect(outcome).toEqual({ ok: false, refusal: 'the catalogue has no such change' })
    expect(await applier.record('S-A3')).toEqual(before)
  })
})
