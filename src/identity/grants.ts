import { toBase64url } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import type { Grant } from '../model/grant.ts'
import type { Session } from '../model/principal.ts'
import type { Device } from './device-store.ts'
import type { DeskSession, InvitePurpose, Person } from './person-store.ts'
import type { SessionRequest } from './session-store.ts'

// What each row that grants says, as its entry in the journal must have it. Secrets are named by their SHA-256, as in the row.

/** Who a person is, for policy and for the console: their groups. */
export const personGrant = ({ id, groups }: Pick<Person, 'id' | 'groups'>): Grant => ({ subject: `person:${id}`, state: { groups: [...groups] } })

/** What signs a person in: the whole `scrypt$…`, salt and all. */
export const passphraseGrant = (person: string, passphrase: string): Grant => ({ subject: passphraseOf(person), state: { passphrase } })

export const inviteSubject = (hash: Uint8Array): string => `invite:${toBase64url(hash)}`

export const inviteGrant = (hash: Uint8Array, { person, purpose }: { readonly person: string; readonly purpose: InvitePurpose }): Grant => ({
  subject: inviteSubject(hash),
  state: { person, purpose },
})

export const deskSubject = (hash: Uint8Array): string => `desk:${toBase64url(hash)}`

/** A sign-in at the console; a passphrase set anew ends it. */
export const deskGrant = (hash: Uint8Array, { person, signedInAt, confirmedAt, expiresAt }: DeskSession): Grant => ({
  subject: deskSubject(hash),
  state: { person, signedInAt, confirmedAt },
  until: expiresAt,
  of: [passphraseOf(person)],
})

export const deviceSubject = (id: string): string => `device:${id}`

export const deviceGrant = ({ id, person, jkt }: Pick<Device, 'id' | 'person' | 'jkt'>): Grant => ({ subject: deviceSubject(id), state: { person, jkt } })

export const requestSubject = ({ device, userCode }: Pick<SessionRequest, 'device' | 'userCode'>): string =>
  `request:${toBase64url(sha256(`${device} ${userCode}`))}`

/** A session that was asked for, and what its person decided. */
export const requestGrant = (request: SessionRequest, decision: { readonly person: string; readonly useCase: string } | null): Grant => {
  const { userCode, device, agent, posture, expiresAt } = request
  const state = { userCode, device, agent, posture, decision: decision && { person: decision.person, useCase: decision.useCase } }
  return { subject: requestSubject(request), state, until: expiresAt, of: [deviceSubject(device)] }
}

export const sessionSubject = (id: string): string => `session:${id}`

/** A session in full: who, on which key, for what, for which accounts, until when. */
export const sessionGrant = (session: Session): Grant => {
  const { id, person, groups, device, jkt, agent, posture, useCase, accounts, admittedAt, endsAt } = session
  const state = { person, groups: [...groups], device, jkt, agent, posture, useCase, accounts: [...accounts], admittedAt }
  return { subject: sessionSubject(id), state, until: endsAt, of: [deviceSubject(device)] }
}

/** An access token, by its hash. */
export const tokenGrant = (hash: Uint8Array, session: string, endsAt: number): Grant => ({
  subject: `token:${toBase64url(hash)}`,
  state: { session },
  until: endsAt,
  of: [sessionSubject(session)],
})

/** What renews a session's access, by its hash: as long as the session. */
export const refreshGrant = (hash: Uint8Array, { id, endsAt }: Pick<Session, 'id' | 'endsAt'>): Grant => ({
  subject: `refresh:${toBase64url(hash)}`,
  state: { session: id },
  until: endsAt,
  of: [sessionSubject(id)],
})

const passphraseOf = (person: string): string => `passphrase:${person}`
