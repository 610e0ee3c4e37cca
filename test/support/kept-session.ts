import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { secretHash } from '../../src/identity/code.ts'
import { deviceGrant, sessionGrant, tokenGrant } from '../../src/identity/grants.ts'
import type { Authority } from '../../src/journal/authority.ts'
import type { Session } from '../../src/model/principal.ts'
import { deviceStore } from '../../src/store/device-store.ts'
import { personStore } from '../../src/store/person-store.ts'
import { sessionStore } from '../../src/store/session-store.ts'
import { heldSession, NOON } from './caller.ts'
import { must } from './stages.ts'

/** `authority`: without it there are rows, and nothing that makes them count. */
type Ground = { readonly authority?: Pick<Authority, 'grant'>; readonly clock?: () => number }

/** A session that stands in the real store with its person, its device and an access token: what admission leaves behind. */
export async function keepSession(pool: pg.Pool, over: Partial<Session> = {}, { authority, clock = () => NOON }: Ground = {}) {
  const id = over.id ?? `s-${randomBytes(5).toString('hex')}`
  const held = heldSession({ device: `d-${id}`, ...over, id }, clock)
  const { session, jwk, token } = held
  const sessions = sessionStore(pool)
  must(await personStore(pool).put({ id: session.person, name: session.person, groups: session.groups }))
  const device = { id: session.device, person: session.person, jkt: session.jkt, name: 'test', platform: 'linux', enrolledAt: NOON, revokedAt: null }
  const tokenOf = tokenGrant(secretHash(token), session.id, session.endsAt)
  const entry = { kind: 'session.admitted', outcome: 'done', session: session.id, person: session.person, device: device.id } as const
  if (authority) must(await authority.grant(entry, [deviceGrant(device), sessionGrant(session), tokenOf]))
  must(await deviceStore(pool).add(device, jwk))
  must(await sessions.add(session, randomBytes(32)))
  must(await sessions.addToken(session.id, secretHash(token), session.endsAt, NOON))
  return held
}
