import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { changeOf } from '../../test/support/change.ts'
import { openTestGate, type TestGate } from '../../test/support/gate.ts'
import { tokensOf } from '../../test/support/stages.ts'
import { type Change, changeDigest } from '../changes/change.ts'
import { proposalGrant } from '../changes/proposal.ts'
import { personStore } from '../store/person-store.ts'
import { type Approving, approve, type Verdict } from './approve.ts'
import { voidChanges } from './void.ts'

let here: TestGate
let change: Change
let from: number
let approvers: readonly string[] = ['ben', 'eva', 'anna']
beforeAll(async () => {
  here = await openTestGate()
  for (const id of ['ben', 'eva', 'zoe']) await personStore(here.pool).put({ id, name: id, groups: [] })
})
afterAll(() => here.close())
beforeEach(async () => {
  const { session } = await here.session()
  change = changeOf({ id: `chg-${session.id}`, session: session.id, proposedAt: here.weather.now })
  await here.gate.changes.keep(change)
  await here.gate.grant({ kind: 'change.proposed', outcome: 'done', person: change.person, digest: changeDigest(change) }, [proposalGrant(change)])
  from = (await here.entries()).length
})
afterEach(() => {
  here.weather.journal = 'up'
  approvers = ['ben', 'eva', 'anna']
})

const approving = (over: Partial<Approving> = {}): Approving => ({
  changes: here.gate.changes,
  isApprover: async (person) => approvers.includes(person),
  isRevoked: here.gate.isRevoked,
  mayWrite: here.gate.mayWrite,
  sign: (text) => `signed ${text}`,
  authority: here.authority,
  tokensOf,
  record: here.gate.record,
  clock: here.gate.clock,
  ...over,
})
const verdict = (over: Partial<Verdict> = {}): Verdict => ({
  change: change.id,
  seen: changeDigest(change),
  decision: 'approve',
  reason: 'CANARY reason',
  by: 'ben',
  correlation: 'cor-x',
  ...over,
})
const stateOf = async () => (await here.gate.changes.find(change.id))?.state

describe('approve', () => {
  it.each([
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ] as const)('%ss one version of one change, recorded before it counts, the reason sealed', async (decision, state) => {
    expect(await approve(approving(), verdict({ decision }))).toMatchObject({ ok: true, value: { state, decidedBy: 'ben', decidedAt: here.weather.now } })
    const kept = await here.gate.changes.find(change.id)
    expect(kept).toMatchObject({ state, version: 1, decidedBy: 'ben' })
    expect(tokensOf(change.session).open('rsn', kept?.decisionReason ?? '')).toBe('CANARY reason')
    const entries = await here.entries(from)
    expect(entries).toMatchObject([
      {
        kind: 'change.decided',
        person: 'ben',
        digest: changeDigest(change),
        correlation: 'cor-x',
        detail: { change: change.id, version: 1, decision, proposer: 'anna' },
      },
    ])
    expect(JSON.stringify([kept, entries])).not.toContain('CANARY')
  })

  it.each<readonly [string, () => Partial<Verdict>, string]>([
    ['a change that is not there', () => ({ change: 'chg-none' }), 'not_found'],
    ['somebody who does not decide for this use case', () => ({ by: 'zoe' }), 'not_approver'],
    ['the person whose agent proposed it, approver or not', () => ({ by: 'anna' }), 'own_change'],
    ['what was not this version', () => ({ seen: changeDigest({ ...change, version: 2 }) }), 'change_moved'],
    ['what was not this change', () => ({ seen: changeDigest({ ...change, after: { status: 'delivered' } }) }), 'change_moved'],
    ['nothing seen', () => ({ seen: '' }), 'change_moved'],
  ])('takes no decision on %s, records the refusal, and leaves the change as it is', async (_, over, code) => {
    for (const decision of ['approve', 'reject'] as const)
      expect(await approve(approving(), verdict({ decision, ...over() }))).toMatchObject({ ok: false, refusal: { code } })
    expect(await here.gate.changes.find(change.id)).toEqual(change)
    expect((await here.entries(from)).map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual([`change.refused ${code}`, `change.refused ${code}`])
  })

  it('takes no second decision', async () => {
    await approve(approving(), verdict())
    expect(await approve(approving(), verdict({ decision: 'reject', by: 'eva' }))).toMatchObject({ ok: false, refusal: { code: 'change_not_waiting' } })
    expect(await stateOf()).toBe('approved')
  })

  it('takes no approval of a session that was revoked, but its rejection, so that nothing waits for ever', async () => {
    here.identity.revocation.heard(change.session)
    expect(await approve(approving(), verdict())).toMatchObject({ ok: false, refusal: { code: 'session_revoked' } })
    expect(await stateOf()).toBe('proposed')
    expect((await approve(approving(), verdict({ decision: 'reject' }))).ok).toBe(true)
    expect(await stateOf()).toBe('rejected')
  })

  it('counts nothing that the journal would not take', async () => {
    here.weather.journal = 'down'
    expect(await approve(approving(), verdict())).toMatchObject({ ok: false, refusal: { code: 'journal_unavailable' } })
    expect(await approve(approving(), verdict({ by: 'anna' }))).toMatchObject({ ok: false, refusal: { code: 'journal_unavailable' } })
    expect(await stateOf()).toBe('proposed')
  })

  it('lets one of two who decide at once win', async () => {
    const both = await Promise.all([approve(approving(), verdict()), approve(approving(), verdict({ decision: 'reject', by: 'eva' }))])
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    expect(both.find(({ ok }) => !ok)).toMatchObject({ refusal: { code: 'change_not_waiting' } })
    expect(await stateOf()).toBe(both[0].ok ? 'approved' : 'rejected')
  })
})

describe('voidChanges', () => {
  it('voids what its session proposed and nobody applied, of that session alone, and records each', async () => {
    const { session } = await here.session()
    const mine = (id: string, over: Partial<Change>) => changeOf({ id: `${change.id}-${id}`, session: change.session, ...over })
    const others = [
      mine('stale', { state: 'stale' }),
      mine('approved', { state: 'approved', decidedBy: 'ben' }),
      mine('applying', { state: 'applying' }),
      mine('applied', { state: 'applied' }),
      mine('rejected', { state: 'rejected' }),
      changeOf({ id: `${change.id}-other`, session: session.id }),
    ]
    for (const one of others) await here.gate.changes.keep(one)
    expect(await voidChanges(here.gate, change.session)).toBe(3)
    const states = await Promise.all([change, ...others].map(async ({ id }) => (await here.gate.changes.find(id))?.state))
    expect(states).toEqual(['voided', 'voided', 'voided', 'applying', 'applied', 'rejected', 'proposed'])
    expect((await here.entries(from)).map(({ kind, detail }) => [kind, detail?.['change']])).toEqual(
      [change, ...others.slice(0, 2)].map(({ id }) => ['change.voided', id]),
    )
    expect(await voidChanges(here.gate, change.session)).toBe(0)
    expect((await here.gate.changes.find(change.id))?.outcome).toBe('its session was revoked')
  })

  it('leaves a change that somebody began in the same moment', async () => {
    const begun = { ...here.gate.changes, move: async () => false }
    expect(await voidChanges({ changes: begun, record: here.gate.record }, change.session)).toBe(0)
    expect(await here.entries(from)).toEqual([])
  })

  it('voids though the journal is down: a revoked session gets nothing written', async () => {
    here.weather.journal = 'down'
    expect(await voidChanges(here.gate, change.session)).toBe(1)
    expect(await stateOf()).toBe('voided')
  })
})
