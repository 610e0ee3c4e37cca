import { done, type Outcome } from '../base/outcome.ts'
import type { SessionStore, StoredSession } from '../identity/session-store.ts'
import type { Vault } from '../journal/vault/vault.ts'
import type { Session } from '../model/principal.ts'
import type { Refusal } from '../model/refusal.ts'
import { reach } from './reach.ts'
import { opened } from './sealed.ts'

/** The same store with account numbers as aliases and reasons sealed in its rows. An account that was erased is a session's no more. */
export function sealedSessions(sessions: SessionStore, vault: Vault): SessionStore {
  async function open(session: Session): Promise<Session> {
    const accounts = await vault.accountsOf(session.accounts)
    return { ...session, accounts: accounts.filter((one) => one !== null) }
  }
  async function openStored<S extends StoredSession>(stored: S): Promise<S> {
    const { session, revoked } = stored
    const why = revoked && (await opened(vault, revoked.why, contextOf(session.id)))
    return { ...stored, session: await open(session), revoked: revoked && { ...revoked, why: why ?? '' } }
  }
  const one = async <S extends StoredSession>(found: Promise<Outcome<S | null, Refusal>>): Promise<Outcome<S | null, Refusal>> => {
    const outcome = await found
    if (!outcome.ok || outcome.value === null) return outcome
    const { value } = outcome
    return reach(() => openStored(value))
  }
  const many = async <T>(found: Promise<Outcome<readonly T[], Refusal>>, each: (one: T) => Promise<T>): Promise<Outcome<readonly T[], Refusal>> => {
    const outcome = await found
    return outcome.ok ? reach(() => Promise.all(outcome.value.map(each))) : outcome
  }

  return {
    ...sessions,
    async add(session, refreshHash) {
      const accounts = await reach(() => Promise.all(session.accounts.map(vault.accountAlias)))
      return accounts.ok ? sessions.add({ ...session, accounts: accounts.value }, refreshHash) : accounts
    },
    byToken: (hash) => one(sessions.byToken(hash)),
    byRefresh: (hash) => one(sessions.byRefresh(hash)),
    byId: (id) => one(sessions.byId(id)),
    live: (now, device) => many(sessions.live(now, device), open),
    over: (since, now, limit) => many(sessions.over(since, now, limit), openStored),
    async revoke(id, by, why, at) {
      const found = await sessions.byId(id)
      if (!found.ok || found.value === null) return found.ok ? done(null) : found
      const { person, device } = found.value.session
      const sealed = await reach(() => vault.seal(by === device ? [person] : [person, by], why, contextOf(id)))
      return sealed.ok ? one(sessions.revoke(id, by, sealed.value, at)) : sealed
    },
  }
}

const contextOf = (session: string): string => `session ${session} revoked_why`
