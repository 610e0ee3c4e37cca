import type { Pool } from 'pg'
import type { Polled, SessionRequest, SessionStore, StoredSession } from '../identity/session-store.ts'
import type { Agent, Posture, Session } from '../model/principal.ts'
import { reach } from './reach.ts'

/** The channel on which processes tell each other which session was revoked; the payload is its id. */
export const REVOKED_CHANNEL = 'gatehouse_revoked'

const SESSION = `s.id, s.person, s.groups, s.device, s.jkt, s.agent, s.posture, s.use_case, s.accounts, s.admitted_at, s.ends_at, s.revoked_at, s.revoked_by, s.revoked_why`
/** Tokens are kept this long after they ended, so that whoever comes late hears `token_expired` and renews. */
const EXPIRED_TOKEN_KEPT_MS = 3_600_000
const REQUEST_KEPT_MS = 86_400_000

type RequestRow = { user_code: string; device: string; agent: Agent; posture: Posture; expires_at: Date }
type PolledRow = RequestRow & { before: Date | null; decision: 'granted' | 'denied' | null; person: string | null; use_case: string | null }
type SessionRow = {
  id: string
  person: string
  groups: string[]
  device: string
  jkt: string
  agent: Agent
  posture: Posture
  use_case: string
  accounts: string[]
  admitted_at: Date
  ends_at: Date
  revoked_at: Date | null
  revoked_by: string | null
  revoked_why: string | null
}

/** Sessions in PostgreSQL, as the port says. Each call is one statement, so it happens whole or not at all. */
export function sessionStore(pool: Pool): SessionStore {
  const rows = <R extends object>(text: string, values: readonly unknown[], name?: string): Promise<R[]> =>
    pool.query<R>({ text, values: [...values], ...(name === undefined ? {} : { name }) }).then((result) => result.rows)

  return {
    addRequest: (hash, { userCode, device, agent, posture, expiresAt }) =>
      reach(async () => {
        await rows(
          `with old as (delete from session_request where expires_at < $7)
           insert into session_request (device_code_hash, user_code, device, agent, posture, expires_at) values ($1, $2, $3, $4, $5, $6)`,
          [hash, userCode, device, agent, posture, new Date(expiresAt), new Date(expiresAt - REQUEST_KEPT_MS)],
        )
        return null
      }),
    waiting: (userCode, now) =>
      reach(async () => {
        const [row] = await rows<RequestRow>('select * from session_request where user_code = $1 and decision is null and expires_at > $2', [
          userCode,
          new Date(now),
        ])
        return row ? asRequest(row) : null
      }),
    decide: (userCode, { person, granted, useCase, at }) =>
      reach(async () => {
        const decided = await rows(
          `update session_request set decision = $2, person = $3, use_case = $4, decided_at = $5
           where user_code = $1 and decision is null and expires_at > $5 returning user_code`,
          [userCode, granted ? 'granted' : 'denied', person, useCase, new Date(at)],
        )
        return decided.length === 1
      }),
    poll: (hash, device, now) =>
      reach(async () => {
        const [row] = await rows<PolledRow>(
          `with found as (select device_code_hash, polled_at from session_request where device_code_hash = $1 and device = $2 and expires_at > $3 and opened_session is null for update)
           update session_request r set polled_at = $3 from found where r.device_code_hash = found.device_code_hash returning r.*, found.polled_at as before`,
          [hash, device, new Date(now)],
        )
        return row ? asPolled(row) : null
      }),
    claim: (hash, session, now) =>
      reach(async () => {
        const claimed = await rows(
          `update session_request set opened_session = $2
           where device_code_hash = $1 and opened_session is null and decision = 'granted' and expires_at > $3 returning device`,
          [hash, session, new Date(now)],
        )
        return claimed.length === 1
      }),
    unclaim: (hash, session) =>
      reach(async () => {
        await rows('update session_request set opened_session = null where device_code_hash = $1 and opened_session = $2', [hash, session])
        return null
      }),
    add: (session, refreshHash) =>
      reach(async () => {
        const { id, person, groups, device, jkt, agent, posture, useCase, accounts, admittedAt, endsAt } = session
        const added = await rows(
          `insert into session (id, person, groups, device, jkt, agent, posture, use_case, accounts, admitted_at, ends_at, refresh_hash)
           select $1, $2, $3, device.id, $5, $6, $7, $8, $9, $10, $11, $12 from device where device.id = $4 and device.revoked_at is null for share
           returning id`,
          [id, person, groups, device, jkt, agent, posture, useCase, accounts, new Date(admittedAt), new Date(endsAt), refreshHash],
        )
        return added.length === 1
      }),
    addToken: (session, hash, endsAt, now) =>
      reach(async () => {
        await rows(
          `with old as (delete from access_token where session = $2 and expires_at < $4) insert into access_token (hash, session, expires_at) values ($1, $2, $3)`,
          [hash, session, new Date(endsAt), new Date(now - EXPIRED_TOKEN_KEPT_MS)],
        )
        return null
      }),
    byToken: (hash) =>
      reach(async () => {
        const text = `select ${SESSION}, t.expires_at from access_token t join session s on s.id = t.session where t.hash = $1`
        const [row] = await rows<SessionRow & { expires_at: Date }>(text, [hash], 'session-by-token')
        return row ? { ...asStored(row), tokenEndsAt: row.expires_at.getTime() } : null
      }),
    byRefresh: (hash) => reach(async () => first(await rows<SessionRow>(`select ${SESSION} from session s where s.refresh_hash = $1`, [hash]))),
    byId: (id) => reach(async () => first(await rows<SessionRow>(`select ${SESSION} from session s where s.id = $1`, [id]))),
    live: (now, device) =>
      reach(async () => {
        const text = `select ${SESSION} from session s where s.revoked_at is null and s.ends_at > $1 and ($2::text is null or s.device = $2) order by s.admitted_at desc`
        return (await rows<SessionRow>(text, [new Date(now), device ?? null])).map(asSession)
      }),
    over: (since, now, limit) =>
      reach(async () => {
        const text = `select ${SESSION} from session s where s.ends_at > $1 and coalesce(s.revoked_at, s.ends_at) > $1 and (s.revoked_at is not null or s.ends_at <= $2)
          order by coalesce(s.revoked_at, s.ends_at) desc limit $3`
        return (await rows<SessionRow>(text, [new Date(since), new Date(now), limit])).map(asStored)
      }),
    revoke: (id, by, why, at) =>
      reach(async () => {
        const text = `with told as (select pg_notify('${REVOKED_CHANNEL}', $1))
          update session s set revoked_at = coalesce(s.revoked_at, $4), revoked_by = coalesce(s.revoked_by, $2), revoked_why = coalesce(s.revoked_why, $3)
          from told where s.id = $1 returning ${SESSION}`
        return first(await rows<SessionRow>(text, [id, by, why, new Date(at)]))
      }),
  }
}

const first = (rows: readonly SessionRow[]): StoredSession | null => (rows[0] ? asStored(rows[0]) : null)

function asStored(row: SessionRow): StoredSession {
  return {
    session: asSession(row),
    revoked: row.revoked_at === null ? null : { by: row.revoked_by ?? '', why: row.revoked_why ?? '', at: row.revoked_at.getTime() },
  }
}

const asSession = ({ id, person, groups, device, jkt, agent, posture, use_case, accounts, admitted_at, ends_at }: SessionRow): Session => ({
  id,
  person,
  groups,
  device,
  jkt,
  agent,
  posture,
  useCase: use_case,
  accounts,
  admittedAt: admitted_at.getTime(),
  endsAt: ends_at.getTime(),
})

const asRequest = ({ user_code, device, agent, posture, expires_at }: RequestRow): SessionRequest => ({
  userCode: user_code,
  device,
  agent,
  posture,
  expiresAt: expires_at.getTime(),
})

function asPolled(row: PolledRow): Polled {
  const { decision, person, use_case: useCase } = row
  const decided =
    decision === null
      ? null
      : decision === 'denied'
        ? ({ granted: false } as const)
        : ({ granted: true, person: person ?? '', useCase: useCase ?? '' } as const)
  return { ...asRequest(row), polledAt: row.before?.getTime() ?? null, decision: decided }
}
