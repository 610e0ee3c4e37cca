import { describe, expect, it } from 'vitest'
import { changeOf } from '../../test/support/change.ts'
import { CHANGE_STATES, type ChangeState } from '../model/change-state.ts'
import { type Change, changeDigest } from './change.ts'
import { type ChangeEvent, transition } from './transition.ts'

const decide = (decision: 'approve' | 'reject', change: Change, over: Partial<Extract<ChangeEvent, { event: 'decide' }>> = {}): ChangeEvent => ({
  event: 'decide',
  decision,
  by: 'ben',
  reason: 'r',
  seen: changeDigest(change),
  at: 5,
  ...over,
})
const EVENTS = {
  approve: (change: Change) => decide('approve', change),
  reject: (change: Change) => decide('reject', change),
  begin: () => ({ event: 'begin' }) as const,
  applied: () => ({ event: 'applied' }) as const,
  stale: () => ({ event: 'stale', found: { status: 'planned' } }) as const,
  failed: () => ({ event: 'failed', why: 'w' }) as const,
  unknown: () => ({ event: 'unknown', why: 'w' }) as const,
  void: () => ({ event: 'void', why: 'w' }) as const,
}
type Name = keyof typeof EVENTS

/** The whole table: what each event makes of each state; a dot is a refusal. */
const TABLE = `
                 approve   reject    begin     applied  stale  failed  unknown          void
proposed         approved  rejected  .         .        .      .       .                voided
approved         .         .         applying  .        .      .       .                voided
rejected         .         .         .         .        .      .       .                .
applying         .         .         .         applied  stale  failed  unknown_outcome  .
applied          .         .         .         .        .      .       .                .
stale            approved  rejected  .         .        .      .       .                voided
failed           .         .         .         .        .      .       .                .
unknown_outcome  .         .         .         applied  stale  failed  .                .
voided           .         .         .         .        .      .       .                .
`
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/))
const [HEAD = [], ...ROWS] = TABLE
const PAIRS = ROWS.flatMap(([state = '', ...results]) => results.map((result, n) => ({ state: state as ChangeState, event: HEAD[n] as Name, result })))

describe('transition', () => {
  it('is told for every state and every event', () => {
    expect(ROWS.map(([state]) => state)).toEqual(CHANGE_STATES)
    expect(HEAD).toEqual(Object.keys(EVENTS))
    expect(PAIRS).toHaveLength(CHANGE_STATES.length * Object.keys(EVENTS).length)
  })

  it.each(PAIRS)('$event of what is $state: $result', ({ state, event, result }) => {
    const change = changeOf({ state })
    const next = transition(change, EVENTS[event](change))
    const refused = { ok: false, refusal: { code: 'change_not_waiting', detail: `the change is ${state.replace('_', ' ')}` } }
    expect(next).toMatchObject(result === '.' ? refused : { ok: true, value: { id: change.id, state: result } })
    expect(change).toEqual(changeOf({ state }))
  })

  it('keeps who decided, when and why', () => {
    const change = changeOf()
    expect(transition(change, decide('reject', change, { reason: 'wrong shipment' }))).toMatchObject({
      value: { state: 'rejected', decidedBy: 'ben', decidedAt: 5, decisionReason: 'wrong shipment' },
    })
  })

  it("lets nobody decide their own agent's change, either way", () => {
    const change = changeOf()
    for (const decision of ['approve', 'reject'] as const)
      expect(transition(change, decide(decision, change, { by: 'anna' }))).toMatchObject({ ok: false, refusal: { code: 'own_change' } })
  })

  it('takes no decision on another version than was seen', () => {
    const change = changeOf()
    for (const seen of [changeDigest(changeOf({ version: 2 })), changeDigest(changeOf({ after: { status: 'delivered' } })), '', `${changeDigest(change)} `])
      expect(transition(change, decide('approve', change, { seen }))).toMatchObject({ ok: false, refusal: { code: 'change_moved' } })
  })

  it('makes a stale change a new version with the record as it is, for which the old approval is for nothing', () => {
    const applying = changeOf({ state: 'applying', decidedBy: 'ben', decidedAt: 5, decisionReason: 'r' })
    const stale = transition(applying, EVENTS.stale())
    expect(stale).toMatchObject({
      ok: true,
      value: { version: 2, before: { status: 'planned' }, after: { status: 'held' }, decidedBy: null, decidedAt: null, decisionReason: null },
    })
    if (!stale.ok) return
    expect(transition(stale.value, decide('approve', changeOf()))).toMatchObject({ refusal: { code: 'change_moved' } })
    expect(transition(stale.value, decide('approve', stale.value)).ok).toBe(true)
  })
})
