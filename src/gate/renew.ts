import { type Outcome, refuse } from '../base/outcome.ts'
import { secretHash } from '../identity/code.ts'
import type { Possession } from '../identity/possess.ts'
import type { StoredSession } from '../identity/session-store.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import type { Admission } from './admit.ts'
import { assigned } from './assigned.ts'
import { give, newToken, type SessionOpened } from './give.ts'
import { sendAway, standing } from './standing.ts'

export type Renewal = { readonly refreshToken: string; readonly correlation: string }

/**
 * A further token within the session, for the same key. Refuses `device_*`, `token_unknown`, `token_foreign`, `session_revoked`, `session_ended`, and
 * `use_case_not_assigned` when the person lost it since.
 */
export async function renewSession(gate: Admission, by: Possession, { refreshToken, correlation }: Renewal): Promise<Outcome<SessionOpened, Refusal>> {
  const device = await standing(gate.devices, by)
  if (!device.ok) return sendAway(gate.record, device.refusal, correlation, { detail: { jkt: by.jkt } })
  const about = { device: device.value.id, person: device.value.person }

  const found = await gate.sessions.byRefresh(secretHash(refreshToken))
  if (!found.ok) return sendAway(gate.record, found.refusal, correlation, about)
  if (found.value === null) return sendAway(gate.record, UNKNOWN, correlation, about)

  const { session } = found.value
  const fault = faultIn(found.value, by, gate.clock())
  if (fault !== null) return sendAway(gate.record, fault, correlation, { ...about, session: session.id })

  const person = await gate.people.byId(session.person)
  if (!person.ok) return sendAway(gate.record, person.refusal, correlation, { ...about, session: session.id })
  const still = assigned(gate.directory, person.value?.groups ?? [], session.useCase)
  if (!still.ok) return sendAway(gate.record, still.refusal, correlation, { ...about, session: session.id })

  const token = newToken(gate, session)
  const receipt = await gate.grant({ kind: 'session.renewed', outcome: 'done', correlation, session: session.id, ...about }, [token.grant])
  if (!receipt.ok) return refuse(receipt.refusal)
  return give(gate, receipt.value, token, refreshToken)
}

function faultIn({ session, revoked }: StoredSession, by: Possession, now: number): Refusal | null {
  if (session.jkt !== by.jkt) return refusal('token_foreign', 'the refresh token is bound to another key')
  if (revoked !== null) return refusal('session_revoked', 'this session was revoked')
  return now < session.endsAt ? null : refusal('session_ended', 'the session reached its end')
}

const UNKNOWN = refusal('token_unknown', 'no session has this refresh token')
