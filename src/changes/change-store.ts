import type { Outcome } from '../base/outcome.ts'
import type { ChangeState } from '../model/change-state.ts'
import type { Session } from '../model/principal.ts'
import type { Refusal } from '../model/refusal.ts'
import type { Change } from './change.ts'

/** Proposals nobody has decided yet: of one session, and of its person over all their sessions. */
export type Undecided = { readonly session: number; readonly person: number }

/**
 * Where changes are kept. `keep` writes a new one. `move` replaces the one that is still in state `from` at version
 * `fromVersion`, and answers false, having written nothing, when it no longer is: of two who decide at once, one wins.
 * All durable on return. While the store cannot be reached, what an agent waits for refuses `store_unavailable` and the rest throws.
 */
export type ChangeStore = {
  readonly keep: (change: Change) => Promise<Outcome<null, Refusal>>
  readonly undecided: (session: Pick<Session, 'id' | 'person'>) => Promise<Outcome<Undecided, Refusal>>
  readonly find: (id: string) => Promise<Change | null>
  readonly move: (to: Change, from: ChangeState, fromVersion: number) => Promise<boolean>
  /** `first`: which come, and in which order, when there are more than `limit`; the oldest unless said otherwise, so that none waits for ever. */
  readonly inStates: (states: readonly ChangeState[], limit: number, first?: 'oldest' | 'newest') => Promise<readonly Change[]>
  readonly ofSession: (session: string) => Promise<readonly Change[]>
}
