import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { ChangeState } from '../model/change-state.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { type Change, changeDigest, type Image } from './change.ts'

/** What happens to a change. `seen` is the digest of what the approver looked at. */
export type ChangeEvent =
  | {
      readonly event: 'decide'
      readonly decision: 'approve' | 'reject'
      readonly by: string
      readonly reason: string
      readonly seen: string
      readonly at: number
    }
  | { readonly event: 'begin' }
  | { readonly event: 'applied' }
  | { readonly event: 'stale'; readonly found: Image }
  | { readonly event: 'failed'; readonly why: string }
  | { readonly event: 'unknown'; readonly why: string }
  | { readonly event: 'void'; readonly why: string }

/** From which states each event may come. A change that ended stays ended. */
const FROM: Readonly<Record<ChangeEvent['event'], readonly ChangeState[]>> = {
  decide: ['proposed', 'stale'],
  begin: ['approved'],
  applied: ['applying', 'unknown_outcome'],
  stale: ['applying', 'unknown_outcome'],
  failed: ['applying', 'unknown_outcome'],
  unknown: ['applying'],
  void: ['proposed', 'stale', 'approved'],
}

/** The change after an event. Refuses `change_not_waiting`, `change_moved` (another version than was seen), `own_change`. */
export function transition(change: Change, happened: ChangeEvent): Outcome<Change, Refusal> {
  if (!FROM[happened.event].includes(change.state)) return refuse(refusal('change_not_waiting', `the change is ${change.state.replace('_', ' ')}`))
  switch (happened.event) {
    case 'decide': {
      if (happened.by === change.person) return refuse(refusal('own_change', 'the change was proposed by your own agent'))
      if (happened.seen !== changeDigest(change)) return refuse(refusal('change_moved', 'the change is not the one you looked at'))
      const state = happened.decision === 'approve' ? 'approved' : 'rejected'
      return done({ ...change, state, decidedBy: happened.by, decidedAt: happened.at, decisionReason: happened.reason })
    }
    case 'begin':
      return done({ ...change, state: 'applying' })
    case 'applied':
      return done({ ...change, state: 'applied', outcome: 'read back as approved' })
    case 'stale':
      // A new version with the record as it is now: it waits for a decision again, and the old approval is for nothing.
      return done({
        ...change,
        state: 'stale',
        before: happened.found,
        version: change.version + 1,
        decidedBy: null,
        decidedAt: null,
        decisionReason: null,
        outcome: 'the record had changed since it was proposed',
      })
    case 'failed':
      return done({ ...change, state: 'failed', outcome: happened.why })
    case 'unknown':
      return done({ ...change, state: 'unknown_outcome', outcome: happened.why })
    case 'void':
      return done({ ...change, state: 'voided', outcome: happened.why })
  }
}
