import type { Outcome } from '../base/outcome.ts'
import type { Agent, Posture, Session } from '../model/principal.ts'
import type { Refusal } from '../model/refusal.ts'

/** A session asked for and not yet opened (RFC 8628). Times are milliseconds since the epoch. */
export type SessionRequest = {
  readonly userCode: string
  readonly device: string
  readonly agent: Agent
  readonly posture: Posture
  readonly expiresAt: number
}

/** What a poll finds. `polledAt`: the poll before this one. */
export type Polled = SessionRequest & {
  readonly polledAt: number | null
  readonly decision: { readonly granted: false } | { readonly granted: true; readonly person: string; readonly useCase: string } | null
}

/** A session as the store has it; `revoked` by whom, why and when, for the refusal and for people. */
export type StoredSession = { readonly session: Session; readonly revoked: { readonly by: string; readonly why: string; readonly at: number } | null }

export type Decision = { readonly person: string; readonly granted: boolean; readonly useCase: string | null; readonly at: number }

/**
 * Where sessions stand. Every hash is SHA-256, 32 bytes; what it is of is never kept. Any number may call at once. Each call refuses
 * `store_unavailable` when the database cannot be reached, and then nothing was done, or it cannot be known: nothing is ever retried here.
 */
export type SessionStore = {
  readonly addRequest: (deviceCodeHash: Uint8Array, request: SessionRequest) => Promise<Outcome<null, Refusal>>
  /** The undecided request of a user code, at `now`. */
  readonly waiting: (userCode: string, now: number) => Promise<Outcome<SessionRequest | null, Refusal>>
  /** Decides once: false when it was decided, or ended, meanwhile. */
  readonly decide: (userCode: string, decision: Decision) => Promise<Outcome<boolean, Refusal>>
  /** The request this device made, unexpired and unopened at `now`, marked as polled at `now`. */
  readonly poll: (deviceCodeHash: Uint8Array, device: string, now: number) => Promise<Outcome<Polled | null, Refusal>>
  /** Takes a granted request for one session. Of any number who try at once exactly one is told true. */
  readonly claim: (deviceCodeHash: Uint8Array, session: string, now: number) => Promise<Outcome<boolean, Refusal>>
  /** Gives a claimed request back, when the journal would not take the session. */
  readonly unclaim: (deviceCodeHash: Uint8Array, session: string) => Promise<Outcome<null, Refusal>>
  /** Durable on return. False: its device is revoked, or was in the same moment; whoever revokes one finds every session added before. */
  readonly add: (session: Session, refreshHash: Uint8Array) => Promise<Outcome<boolean, Refusal>>
  /** Durable on return; tokens of the session that ended before `now` go. */
  readonly addToken: (session: string, hash: Uint8Array, endsAt: number, now: number) => Promise<Outcome<null, Refusal>>
  readonly byToken: (hash: Uint8Array) => Promise<Outcome<(StoredSession & { readonly tokenEndsAt: number }) | null, Refusal>>
  readonly byRefresh: (hash: Uint8Array) => Promise<Outcome<StoredSession | null, Refusal>>
  readonly byId: (session: string) => Promise<Outcome<StoredSession | null, Refusal>>
  /** Sessions neither revoked nor ended at `now`, the newest first; of one device, or of all. */
  readonly live: (now: number, device?: string) => Promise<Outcome<readonly Session[], Refusal>>
  /** Sessions that were revoked or ended between `since` and `now`, the last to go first, at most `limit`. */
  readonly over: (since: number, now: number, limit: number) => Promise<Outcome<readonly StoredSession[], Refusal>>
  /**
   * Revoked on return, its tokens gone, and every process that listens is told by the same transaction. Null: no such session.
   * Revoking again changes nothing and tells them again.
   */
  readonly revoke: (session: string, by: string, why: string, at: number) => Promise<Outcome<StoredSession | null, Refusal>>
}
