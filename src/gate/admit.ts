import { type Brand, mint } from '../base/brand.ts'
import type { Clock, Random } from '../base/clock.ts'
import { newId } from '../base/id.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Attest, DeclaredPosture } from '../identity/attest.ts'
import { meantCode, newCode, newSecret, secretHash } from '../identity/code.ts'
import type { Device, DeviceStore } from '../identity/device-store.ts'
import type { Directory } from '../identity/directory.ts'
import type { PersonStore } from '../identity/person-store.ts'
import type { Possession } from '../identity/possess.ts'
import type { Polled, SessionStore } from '../identity/session-store.ts'
import { freshlyConfirmed, type SignedIn } from '../identity/sign-in.ts'
import type { Entry } from '../journal/entry.ts'
import type { Receipt, Record } from '../journal/record.ts'
import type { Agent, Session } from '../model/principal.ts'
import { type Refusal, refusal } from '../model/refusal.ts'

/** What admission works with. */
export type Admission = {
  readonly sessions: SessionStore
  readonly devices: Pick<DeviceStore, 'byKey' | 'byId'>
  readonly people: Pick<PersonStore, 'byId'>
  readonly directory: Directory
  readonly attest: Attest
  readonly record: Record
  readonly clock: Clock
  readonly random: Random
}

export const SESSION_SECONDS_MAX = 3600
export const ACCESS_SECONDS_MAX = 300
export const REQUEST_SECONDS = 600
export const POLL_SECONDS = 2
/** A poll may come this much too soon: timers and networks are not exact. */
const POLL_GRACE_MS = 500

export type SessionAsked = { readonly agent: Omit<Agent, 'assurance'>; readonly posture: DeclaredPosture; readonly correlation: string }
export type SessionPending = { readonly deviceCode: string; readonly userCode: string; readonly expiresInSeconds: number; readonly intervalSeconds: number }
export type SessionDecision = { readonly userCode: string; readonly useCase: string | null; readonly correlation: string }
/** The token lasts until `accessEndsAt`, in milliseconds since the epoch; the refresh token as long as the session, for its key alone. */
export type SessionOpened = { readonly session: Session; readonly accessToken: string; readonly accessEndsAt: number; readonly refreshToken: string }

/** A device that is enrolled, not revoked, and has just proven its key. */
type StandingDevice = Brand<Device, 'StandingDevice'>

/** A device asks for a session: codes for it to poll with and for its person to decide by. Refuses `device_unknown`, `device_revoked`, what attestation refuses. */
export async function requestSession(gate: Admission, by: Possession, asked: SessionAsked): Promise<Outcome<SessionPending, Refusal>> {
  const device = await standing(gate, by)
  if (!device.ok) return turnBack(gate, device.refusal, asked, { detail: { jkt: by.jkt } })
  const about = { device: device.value.id, person: device.value.person }

  const posture = gate.attest(asked.posture)
  if (!posture.ok) return turnBack(gate, posture.refusal, asked, about)

  const agent: Agent = { name: asked.agent.name, version: asked.agent.version, assurance: 'declared' }
  const receipt = await gate.record({ kind: 'session.requested', outcome: 'done', correlation: asked.correlation, ...about, detail: { agent, posture: posture.value } })
  if (!receipt.ok) return receipt

  const deviceCode = newSecret('gc_', gate.random)
  const userCode = newCode(5, gate.random)
  const request = { userCode, device: device.value.id, agent, posture: posture.value, expiresAt: gate.clock() + REQUEST_SECONDS * 1000 }
  const added = await gate.sessions.addRequest(secretHash(deviceCode), request)
  return added.ok ? done({ deviceCode, userCode, expiresInSeconds: REQUEST_SECONDS, intervalSeconds: POLL_SECONDS }) : added
}

/**
 * The person decides, at the console, freshly confirmed: `useCase` null is no. Refuses `confirmation_needed`, `code_unknown`, `forbidden` for
 * somebody else's device (so a link sent by a stranger opens nothing), `use_case_not_assigned`.
 */
export async function decideSession(gate: Admission, who: SignedIn, { userCode: typed, useCase, correlation }: SessionDecision): Promise<Outcome<null, Refusal>> {
  const now = gate.clock()
  const about = { person: who.person.id }
  const fresh = freshlyConfirmed(who, now)
  if (!fresh.ok) return turnBack(gate, fresh.refusal, { correlation }, about)

  const userCode = meantCode(typed)
  const waiting = await gate.sessions.waiting(userCode, now)
  if (!waiting.ok) return turnBack(gate, waiting.refusal, { correlation }, about)
  if (waiting.value === null) return turnBack(gate, NO_CODE, { correlation }, about)

  const device = await gate.devices.byId(waiting.value.device)
  if (!device.ok) return turnBack(gate, device.refusal, { correlation }, about)
  if (device.value?.person !== who.person.id) return turnBack(gate, NOT_YOURS, { correlation }, { ...about, device: waiting.value.device })

  const assigned = gate.directory.useCasesOf(who.person.groups).some(({ id }) => id === useCase)
  if (useCase !== null && !assigned) return turnBack(gate, NOT_ASSIGNED, { correlation }, { ...about, device: device.value.id })

  const granted = useCase !== null
  const receipt = await gate.record({ kind: 'session.decided', outcome: 'done', correlation, ...about, device: device.value.id, detail: { granted, useCase } })
  if (!receipt.ok) return receipt
  const decided = await gate.sessions.decide(userCode, { person: who.person.id, granted, useCase, at: now })
  if (!decided.ok) return turnBack(gate, decided.refusal, { correlation }, about)
  return decided.value ? done(null) : turnBack(gate, NO_CODE, { correlation }, about)
}

/**
 * The device polls; once granted, exactly one poll gets the session. Refuses `authorization_pending`, `slow_down`, `access_denied`,
 * `code_unknown` (unknown, expired, used, another device's), `use_case_not_assigned` when it was taken away meanwhile.
 */
export async function openSession(gate: Admission, by: Possession, asked: { readonly deviceCode: string; readonly correlation: string }): Promise<Outcome<SessionOpened, Refusal>> {
  const now = gate.clock()
  const device = await standing(gate, by)
  if (!device.ok) return turnBack(gate, device.refusal, asked, { detail: { jkt: by.jkt } })

  const code = secretHash(asked.deviceCode)
  const polled = await gate.sessions.poll(code, device.value.id, now)
  const about = { device: device.value.id, person: device.value.person }
  if (!polled.ok) return turnBack(gate, polled.refusal, asked, about)
  if (polled.value === null) return turnBack(gate, NO_CODE, asked, about)

  const session = await grantedSession(gate, device.value, polled.value, now)
  if (!session.ok) return turnBack(gate, session.refusal, asked, about)

  const claimed = await gate.sessions.claim(code, session.value.id, now)
  if (!claimed.ok) return turnBack(gate, claimed.refusal, asked, about)
  if (!claimed.value) return turnBack(gate, NO_CODE, asked, about)

  const receipt = await gate.record(admittedEntry(session.value, asked.correlation))
  if (!receipt.ok) {
    await gate.sessions.unclaim(code, session.value.id)
    return receipt
  }
  const refreshToken = newSecret('gr_', gate.random)
  const added = await gate.sessions.add(session.value, secretHash(refreshToken))
  return added.ok ? give(gate, receipt.value, session.value, refreshToken) : turnBack(gate, added.refusal, asked, { ...about, session: session.value.id })
}

/** A further token within the session, for the same key. Refuses `token_unknown`, `token_foreign`, `session_revoked`, `session_ended`, `device_revoked`. */
export async function renewSession(gate: Admission, by: Possession, asked: { readonly refreshToken: string; readonly correlation: string }): Promise<Outcome<SessionOpened, Refusal>> {
  const device = await standing(gate, by)
  if (!device.ok) return turnBack(gate, device.refusal, asked, { detail: { jkt: by.jkt } })
  const about = { device: device.value.id, person: device.value.person }

  const found = await gate.sessions.byRefresh(secretHash(asked.refreshToken))
  if (!found.ok) return turnBack(gate, found.refusal, asked, about)
  if (found.value === null) return turnBack(gate, NO_SESSION, asked, about)

  const { session, revoked } = found.value
  if (session.jkt !== by.jkt) return turnBack(gate, FOREIGN, asked, { ...about, session: session.id })
  if (revoked !== null) return turnBack(gate, REVOKED, asked, { ...about, session: session.id })
  if (gate.clock() >= session.endsAt) return turnBack(gate, ENDED, asked, { ...about, session: session.id })

  const receipt = await gate.record({ kind: 'session.renewed', outcome: 'done', correlation: asked.correlation, session: session.id, ...about })
  return receipt.ok ? give(gate, receipt.value, session, asked.refreshToken) : receipt
}

async function standing(gate: Admission, by: Possession): Promise<Outcome<StandingDevice, Refusal>> {
  const device = await gate.devices.byKey(by.jkt)
  if (!device.ok) return device
  if (device.value === null) return refuse(refusal('device_unknown', 'no device is enrolled with this key'))
  if (device.value.revokedAt !== null) return refuse(refusal('device_revoked', 'this device was revoked'))
  return done(mint<StandingDevice>(device.value))
}

/** The session that a granted request comes to, with the person's groups of this moment: a membership lost since the decision counts. */
async function grantedSession(gate: Admission, device: StandingDevice, polled: Polled, now: number): Promise<Outcome<Session, Refusal>> {
  const soonest = (polled.polledAt ?? 0) + POLL_SECONDS * 1000 - POLL_GRACE_MS
  if (now < soonest) return refuse(refusal('slow_down', 'asked before the interval was over', { retryAfterSeconds: POLL_SECONDS }))
  const { decision, agent, posture } = polled
  if (decision === null) return refuse(refusal('authorization_pending', 'nobody has decided yet', { retryAfterSeconds: POLL_SECONDS }))
  if (!decision.granted) return refuse(refusal('access_denied', 'the person said no'))

  const person = await gate.people.byId(decision.person)
  if (!person.ok) return person
  const groups = person.value?.groups ?? []
  const useCase = gate.directory.useCasesOf(groups).find(({ id }) => id === decision.useCase)
  if (decision.person !== device.person || useCase === undefined) return refuse(NOT_ASSIGNED)
  return done({
    id: newId('s', gate.random),
    person: decision.person,
    groups,
    device: device.id,
    jkt: device.jkt,
    agent,
    posture,
    useCase: useCase.id,
    accounts: gate.directory.accountsOf(groups),
    admittedAt: now,
    endsAt: now + SESSION_SECONDS_MAX * 1000,
  })
}

/** INVARIANT: a token is only ever made here, and only for a session whose entry is durable. */
async function give(gate: Admission, _entry: Receipt, session: Session, refreshToken: string): Promise<Outcome<SessionOpened, Refusal>> {
  const now = gate.clock()
  const accessToken = newSecret('ga_', gate.random)
  const accessEndsAt = Math.min(now + ACCESS_SECONDS_MAX * 1000, session.endsAt)
  const added = await gate.sessions.addToken(session.id, secretHash(accessToken), accessEndsAt, now)
  return added.ok ? done({ session, accessToken, accessEndsAt, refreshToken }) : added
}

const admittedEntry = ({ id, person, device, jkt, agent, posture, useCase, accounts, endsAt }: Session, correlation: string): Entry => ({
  kind: 'session.admitted',
  outcome: 'done',
  correlation,
  session: id,
  person,
  device,
  detail: { jkt, agent, posture, useCase, accounts, endsAt },
})

/** A refusal is recorded like a session, but not each poll that comes to nothing. When the journal is down, that is what is said, unless our database is. */
async function turnBack(gate: Admission, said: Refusal, { correlation }: { readonly correlation: string }, about: Pick<Entry, 'session' | 'person' | 'device' | 'detail'>): Promise<Outcome<never, Refusal>> {
  if (said.code === 'authorization_pending' || said.code === 'slow_down') return refuse(said)
  const receipt = await gate.record({ kind: 'session.refused', outcome: said.code, correlation, ...about })
  return refuse(receipt.ok || said.code === 'store_unavailable' ? said : receipt.refusal)
}

const NO_CODE = refusal('code_unknown', 'this code is unknown, used or expired')
const NOT_YOURS = refusal('forbidden', 'this code was made on a device that is not yours; whoever sent it to you would act in your name')
const NOT_ASSIGNED = refusal('use_case_not_assigned', 'this use case is not among those assigned to you')
const NO_SESSION = refusal('token_unknown', 'no session has this refresh token')
const FOREIGN = refusal('token_foreign', 'the refresh token is bound to another key')
const REVOKED = refusal('session_revoked', 'this session was revoked')
const ENDED = refusal('session_ended', 'the session reached its end')
