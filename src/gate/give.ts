import type { Clock, Random } from '../base/clock.ts'
import { done, type Outcome } from '../base/outcome.ts'
import { newSecret, secretHash } from '../identity/code.ts'
import type { SessionStore } from '../identity/session-store.ts'
import type { Receipt } from '../journal/record.ts'
import type { Session } from '../model/principal.ts'
import type { Refusal } from '../model/refusal.ts'

const ACCESS_SECONDS_MAX = 300

/** The token lasts until `accessEndsAt`, in milliseconds since the epoch; the refresh token as long as the session, for its key alone. */
export type SessionOpened = { readonly session: Session; readonly accessToken: string; readonly accessEndsAt: number; readonly refreshToken: string }

export type TokenOffice = { readonly sessions: Pick<SessionStore, 'addToken'>; readonly clock: Clock; readonly random: Random }

/** INVARIANT: a token is only ever made here, and only against the receipt of the session's own entry; it never outlives the session. */
export async function give(office: TokenOffice, _entry: Receipt, session: Session, refreshToken: string): Promise<Outcome<SessionOpened, Refusal>> {
  const now = office.clock()
  const accessToken = newSecret('ga_', office.random)
  const accessEndsAt = Math.min(now + ACCESS_SECONDS_MAX * 1000, session.endsAt)
  const added = await office.sessions.addToken(session.id, secretHash(accessToken), accessEndsAt, now)
  return added.ok ? done({ session, accessToken, accessEndsAt, refreshToken }) : added
}
