import { type Brand, mint } from '../base/brand.ts'
import { done, type Outcome } from '../base/outcome.ts'
import type { Session } from '../model/principal.ts'
import type { Refusal } from '../model/refusal.ts'
import { type Authority, believed, believedOnce } from './authority.ts'
import { refreshGrant, requestGrant, requestSubject, sessionGrant, sessionSubject, tokenGrant } from './grants.ts'
import type { SessionStore, StoredSession } from './session-store.ts'

/** A token found: `holds` says, at any later moment and at once, whether the journal still has it and all it hangs on. */
export type FoundToken = StoredSession & { readonly tokenEndsAt: number; readonly holds: () => boolean }

/** Sessions of which a row counts only where the journal has it. */
export type BelievedSessions = Brand<
  Omit<SessionStore, 'byToken'> & { readonly byToken: (hash: Uint8Array) => Promise<Outcome<FoundToken | null, Refusal>> },
  'BelievedSessions'
>

/**
 * What grants (`waiting` and `poll`: a request as it was made and decided; `byToken`, `byRefresh`: a session) refuses `authority_mismatch` too. A row that
 * says revoked, ended or denied is believed at once. `byId`, `live` and `over` are for showing and revoking, and are believed as they are.
 */
export function believedSessions(sessions: SessionStore, authority: Authority, clock: () => number): BelievedSessions {
  const mismatch = ({ id, person, device }: Session) => ({ subject: sessionSubject(id), session: id, person, device })
  const grantsNothing = ({ session, revoked }: StoredSession): boolean => revoked !== null || session.endsAt <= clock()

  return mint<BelievedSessions>({
    ...sessions,
    waiting: (userCode, now) =>
      believed(
        authority,
        () => sessions.waiting(userCode, now),
        (request) => request && { grants: [requestGrant(request, null)], mismatch: { subject: requestSubject(request), device: request.device } },
      ),
    async poll(hash, device, now) {
      const polled = await sessions.poll(hash, device, now)
      if (!polled.ok || polled.value === null || !polled.value.decision?.granted) return polled
      const { decision, ...request } = polled.value
      return believedOnce(authority, polled.value, [requestGrant(request, decision)], { subject: requestSubject(request), device, person: decision.person })
    },
    async byToken(hash) {
      const found = await believed(
        authority,
        () => sessions.byToken(hash),
        (token) =>
          token === null || grantsNothing(token) || token.tokenEndsAt <= clock()
            ? null
            : { grants: [tokenGrant(hash, token.session.id, token.tokenEndsAt), sessionGrant(token.session)], mismatch: mismatch(token.session) },
      )
      if (!found.ok || found.value === null) return found.ok ? done(null) : found
      const { session, tokenEndsAt } = found.value
      return done({ ...found.value, holds: authority.claim([tokenGrant(hash, session.id, tokenEndsAt), sessionGrant(session)]) })
    },
    byRefresh: (hash) =>
      believed(
        authority,
        () => sessions.byRefresh(hash),
        (found) =>
          found && !grantsNothing(found)
            ? { grants: [refreshGrant(hash, found.session), sessionGrant(found.session)], mismatch: mismatch(found.session) }
            : null,
      ),
  })
}
