import { type Brand, mint } from '../base/brand.ts'
import type { Clock, Random } from '../base/clock.ts'
import { done, type Outcome } from '../base/outcome.ts'
import { newSecret, secretHash } from '../identity/code.ts'
import { tokenGrant } from '../identity/grants.ts'
import type { SessionStore } from '../identity/session-store.ts'
import type { Receipt } from '../journal/record.ts'
import type { Grant } from '../model/grant.ts'
import type { Session } from '../model/principal.ts'
import type { Refusal } from '../model/refusal.ts'

const ACCESS_SECONDS_MAX = 300

/** The token lasts until `accessEndsAt`, in milliseconds since the epoch; the refresh token as long as the session, for its key alone. */
export type SessionOpened = { readonly session: Session; readonly accessToken: string; readonly accessEndsAt: number; readonly refreshToken: string }

export type TokenOffice = { readonly sessions: Pick<SessionStore, 'addToken'>; readonly clock: Clock; readonly random: Random }

/** A token that opens nothing yet: what an entry has to grant before it does. It never outlives the session. */
export type NewToken = Brand<{ readonly session: Session; readonly accessToken: string; readonly accessEndsAt: number; readonly grant: Grant }, 'NewToken'>

export function newToken(office: Pick<TokenOffice, 'clock' | 'random'>, session: Session): NewToken {
  const accessToken = newSecret('ga_', office.random)
  const accessEndsAt = Math.min(office.clock() + ACCESS_SECONDS_MAX * 1000, session.endsAt)
  return mint<NewToken>({ session, accessToken, accessEndsAt, grant: tokenGrant(secretHash(accessToken), session.id, accessEndsAt) })
}

/** INVARIANT: a token is only ever given here, and only against the receipt of the entry that grants it. */
export async function give(office: TokenOffice, _entry: Receipt, token: NewToken, refreshToken: string): Promise<Outcome<SessionOpened, Refusal>> {
  const { session, accessToken, accessEndsAt } = token
  const added = await office.sessions.addToken(session.id, secretHash(accessToken), accessEndsAt, office.clock())
  return added.ok ? done({ session, accessToken, accessEndsAt, refreshToken }) : added
}
