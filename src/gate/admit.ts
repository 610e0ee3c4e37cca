import { toBase64url } from '../base/bytes.ts'
import { canonical } from '../base/canonical.ts'
import type { Clock, Random } from '../base/clock.ts'
import { sha256 } from '../base/digest.ts'
import { newId } from '../base/id.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Attest, DeclaredPosture } from '../identity/attest.ts'
import type { BelievedDevices } from '../identity/believed-devices.ts'
import type { BelievedPeople } from '../identity/believed-people.ts'
import type { BelievedSessions } from '../identity/believed-sessions.ts'
import { meantCode, newCode, newSecret, secretHash } from '../identity/code.ts'
import type { Directory } from '../identity/directory.ts'
import { refreshGrant, requestGrant, requestSubject, sessionGrant } from '../identity/grants.ts'
import type { Possession } from '../identity/possess.ts'
import type { Polled } from '../identity/session-store.ts'
import { freshlyConfirmed, type SignedIn } from '../identity/sign-in.ts'
import type { Grants } from '../journal/authority.ts'
import type { Entry } from '../journal/entry.ts'
import type { Record } from '../journal/record.ts'
import type { Agent, Session } from '../model/principal.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { assigned } from './assigned.ts'
import { give, newToken, type SessionOpened } from './give.ts'
import { type About, type StandingDevice, sendAway, standing } from './standing.ts'

/** What admission works with. */
export type Admission = {
  readonly sessions: BelievedSessions
  readonly devices: BelievedDevices
  readonly people: Pick<BelievedPeople, 'byId'>
  readonly directory: Directory
  readonly attest: Attest
  readonly record: Record
  readonly grant: Grants
  readonly clock: Clock
  readonly random: Random
}

const SESSION_SECONDS_MAX = 3600
const REQUEST_SECONDS = 600
const POLL_SECONDS = 2
/** A poll may come this much too soon: timers and networks are not exact. */
const POLL_GRACE_MS = 500

export type SessionAsked = { readonly agent: Omit<Agent, 'assurance'>; readonly posture: DeclaredPosture; readonly correlation: string }
export type SessionPending = { readonly deviceCode: string; readonly userCode: string; readonly expiresInSeconds: number; readonly intervalSeconds: number }
export type SessionDecision = { readonly userCode: string; readonly useCase: string | null; readonly correlation: string }

/** A device asks for a session: codes for it to poll with and for its person to decide by. Refuses `device_unknown`, `device_revoked`, what attestation refuses. */
export async function requestSession(gate: Admission, by: Possession, asked: SessionAsked): Promise<Outcome<SessionPending, Refusal>> {
  const device = await standing(gate.devices, by)
  if (!device.ok) return sendAway(gate.record, device.refusal, asked.correlation, { detail: { jkt: by.jkt } })
  const about = { device: device.value.id, person: device.value.person }

  const posture = gate.attest(asked.posture)
  if (!posture.ok) return sendAway(gate.record, posture.refusal, asked.correlation, about)

  const agent: Agent = { name: asked.agent.name, version: asked.agent.version, assurance: 'declared' }
  const deviceCode = newSecret('gc_', gate.random)
  const userCode = newCode(5, gate.random)
  const request = { userCode, device: device.value.id, agent, posture: posture.value, expiresAt: gate.clock() + REQUEST_SECONDS * 1000 }
  const receipt = await gate.grant(
    { kind: 'session.requested', outcome: 'done', correlation: asked.correlation, ...about, detail: { agent, posture: posture.value } },
    [requestGrant(request, null)],
  )
  if (!receipt.ok) return receipt

  const added = await gate.sessions.addRequest(secretHash(deviceCode), request)
  return added.ok ? done({ deviceCode, userCode, expiresInSeconds: REQUEST_SECONDS, intervalSeconds: POLL_SECONDS }) : added
}

/**
 * The person decides at the console: `useCase` null is no, and yes wants a fresh confirmation. Refuses `confirmation_needed`, `code_unknown`
 * (somebody else's device too, so that a link sent by a stranger opens nothing), `use_case_not_assigned`.
 */
export async function decideSession(
  gate: Admission,
  who: SignedIn,
  { userCode: typed, useCase, correlation }: SessionDecision,
): Promise<Outcome<null, Refusal>> {
  const now = gate.clock()
  const about = { person: who.person.id }
  const fresh = useCase === null ? done(null) : freshlyConfirmed(who, now)
  if (!fresh.ok) return sendAway(gate.record, fresh.refusal, correlation, about)

  const userCode = meantCode(typed)
  const waiting = await gate.sessions.waiting(userCode, now)
  if (!waiting.ok) return sendAway(gate.record, waiting.refusal, correlation, about)
  if (waiting.value === null) return sendAway(gate.record, NO_CODE, correlation, about)

  const device = await gate.devices.byId(waiting.value.device)
  if (!device.ok) return sendAway(gate.record, device.refusal, correlation, about)
  if (device.value?.person !== who.person.id) return sendAway(gate.record, NOT_YOURS, correlation, { ...about, device: waiting.value.device })

  const chosen = useCase === null ? done(null) : assigned(gate.directory, who.person.groups, useCase)
  if (!chosen.ok) return sendAway(gate.record, chosen.refusal, correlation, { ...about, device: device.value.id, ...wanted(chosen.refusal, useCase) })

  const granted = useCase !== null
  const entry: Entry = { kind: 'session.decided', outcome: 'done', correlation, ...about, device: device.value.id, detail: { granted, useCase } }
  const receipt = await gate.grant(entry, [
    useCase === null ? { ends: requestSubject(waiting.value) } : requestGrant(waiting.value, { person: who.person.id, useCase }),
  ])
  if (!receipt.ok) return receipt
  const decided = await gate.sessions.decide(userCode, { person: who.person.id, granted, useCase, at: now })
  if (!decided.ok) return sendAway(gate.record, decided.refusal, correlation, about)
  return decided.value ? done(null) : sendAway(gate.record, NO_CODE, correlation, about)
}

/**
 * The device polls; once granted, exactly one poll gets the session. Refuses `authorization_pending`, `slow_down`, `access_denied`,
 * `code_unknown` (unknown, expired, used, another device's), `use_case_not_assigned` when it was taken away meanwhile.
 */
export async function openSession(
  gate: Admission,
  by: Possession,
  asked: { readonly deviceCode: string; readonly correlation: string },
): Promise<Outcome<SessionOpened, Refusal>> {
  const now = gate.clock()
  const device = await standing(gate.devices, by)
  if (!device.ok) return sendAway(gate.record, device.refusal, asked.correlation, { detail: { jkt: by.jkt } })

  const code = secretHash(asked.deviceCode)
  const polled = await gate.sessions.poll(code, device.value.id, now)
  const about = { device: device.value.id, person: device.value.person }
  if (!polled.ok) return sendAway(gate.record, polled.refusal, asked.correlation, about)
  if (polled.value === null) return sendAway(gate.record, NO_CODE, asked.correlation, about)

  const session = await grantedSession(gate, device.value, polled.value, now)
  if (!session.ok) return sendAway(gate.record, session.refusal, asked.correlation, { ...about, ...wanted(session.refusal, useCaseIn(polled.value)) })

  const claimed = await gate.sessions.claim(code, session.value.id, now)
  if (!claimed.ok) return sendAway(gate.record, claimed.refusal, asked.correlation, about)
  if (!claimed.value) return sendAway(gate.record, NO_CODE, asked.correlation, about)

  const refreshToken = newSecret('gr_', gate.random)
  const token = newToken(gate, session.value)
  const receipt = await gate.grant(admittedEntry(session.value, asked.correlation), [
    sessionGrant(session.value),
    token.grant,
    refreshGrant(secretHash(refreshToken), session.value),
    { ends: requestSubject(polled.value) },
  ])
  if (!receipt.ok) {
    await gate.sessions.unclaim(code, session.value.id)
    return receipt
  }
  const added = await gate.sessions.add(session.value, secretHash(refreshToken))
  if (!added.ok) return sendAway(gate.record, added.refusal, asked.correlation, { ...about, session: session.value.id })
  if (!added.value) return sendAway(gate.record, REVOKED_MEANWHILE, asked.correlation, { ...about, session: session.value.id })
  return give(gate, receipt.value, token, refreshToken)
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
  // A device that is another's by now opens nothing for who decided.
  const groups = decision.person === device.person ? (person.value?.groups ?? []) : []
  const chosen = assigned(gate.directory, groups, decision.useCase)
  if (!chosen.ok) return chosen
  const useCase = chosen.value
  return done({
    id: newId('s', gate.random),
    person: decision.person,
    groups,
    device: device.id,
    jkt: device.jkt,
    agent,
    posture,
    useCase: useCase.id,
    accounts: gate.directory.accountsOf(groups.filter((group) => useCase.groups.includes(group))),
    admittedAt: now,
    endsAt: now + SESSION_SECONDS_MAX * 1000,
  })
}

const useCaseIn = ({ decision }: Polled): string | null => (decision?.granted ? decision.useCase : null)

/** Which use case access can be asked for, once there is an owner to ask. A name that is no use case's is not kept. */
const wanted = ({ rule }: Refusal, useCase: string | null): About => (rule === undefined ? {} : { detail: { useCase } })

const admittedEntry = ({ id, person, device, jkt, agent, posture, useCase, accounts, endsAt }: Session, correlation: string): Entry => ({
  kind: 'session.admitted',
  outcome: 'done',
  correlation,
  session: id,
  person,
  device,
  // Accounts are personal: how many, and which by a digest that only tells whether they are the same.
  detail: { jkt, agent, posture, useCase, accounts: accounts.length, accountsDigest: toBase64url(sha256(canonical([id, ...accounts.toSorted()]))), endsAt },
})

const NO_CODE = refusal('code_unknown', 'this code is unknown, used or expired')
const NOT_YOURS = refusal('code_unknown', 'this code is unknown, used, expired, or from a device that is not yours')
const REVOKED_MEANWHILE = refusal('device_revoked', 'this device was revoked a moment ago')
