import type { Change, ChangeState } from './change.ts'

/**
 * Where changes are kept. `keep` writes a new one. `move` replaces the one that is still in state `from` at version
 * `fromVersion`, and answers false, having written nothing, when it no longer is: of two who decide at once, one wins.
 * All durable on return. Throws when the store cannot be reached.
 */
export type ChangeStore = {
  readonly keep: (change: Change) => Promise<void>
  readonly find: (id: string) => Promise<Change | null>
  readonly move: (to: Change, from: ChangeState, fromVersion: number) => Promise<boolean>
  /** `first`: which come, and in which order, when there are more than `limit`; the oldest unless said otherwise, so that none waits for ever. */
  readonly inStates: (states: readonly ChangeState[], limit: number, first?: 'oldest' | 'newest') => Promise<readonly Change[]>
  readonly ofSession: (session: string) => Promise<readonly Change[]>
}
