import type { Clock } from '../base/clock.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { secretHash } from '../identity/code.ts'
import type { DeviceStore } from '../identity/device-store.ts'
import type { Possession } from '../identity/possess.ts'
import type { Revocation } from '../identity/revocation.ts'
import type { SessionStore } from '../identity/session-store.ts'
import type { Record } from '../journal/record.ts'
import { type Refusal, refusal } from '../model/refusal.ts'

export type Revoking = {
  readonly sessions: SessionStore
  readonly revocation: Pick<Revocation, 'heard'>
  /** Voids what the session proposed and nobody applied yet; records it. */
  readonly voidChanges: (session: string) => Promise<unknown>
  readonly record: Record
  readonly clock: Clock
}

/** `by`: the person's identifier, or the device's own where the agent's side gives the session up. */
export type SessionRevoked = { readonly session: string; readonly by: string; readonly why: string; readonly correlation: string }

/**
 * Ends a session at once: in this process before anything else, in the database and so in every process, then what it proposed. Refuses
 * `not_found`. While the journal is down it still ends (nothing leaves the house then anyhow), and `journal_unavailable` says it is to be repeated.
 */
export async function revokeSession(gate: Revoking, { session, by, why, correlation }: SessionRevoked): Promise<Outcome<null, Refusal>> {
  gate.revocation.heard(session)
  const revoked = await gate.sessions.revoke(session, by, why, gate.clock())
  if (!revoked.ok) return revoked
  if (revoked.value === null) return refuse(refusal('not_found', 'there is no such session'))

  const { person, device } = revoked.value.session
  const receipt = await gate.record({ kind: 'session.revoked', outcome: 'done', correlation, session, person, device, detail: { by, why } })
  await gate.voidChanges(session)
  return receipt.ok ? done(null) : receipt
}

/** The holder of the key gives its session up (RFC 7009), by either of its tokens. A token nobody knows is already as good as revoked; another's is `token_foreign`. */
export async function giveUpSession(
  gate: Revoking,
  by: Possession,
  given: { readonly token: string; readonly correlation: string },
): Promise<Outcome<null, Refusal>> {
  const hash = secretHash(given.token)
  const byToken = await gate.sessions.byToken(hash)
  const found = byToken.ok && byToken.value === null ? await gate.sessions.byRefresh(hash) : byToken
  if (!found.ok) return found
  if (found.value === null) return done(null)
  const { session, revoked } = found.value
  if (session.jkt !== by.jkt) return refuse(refusal('token_foreign', 'the token is bound to another key'))
  if (revoked !== null) return done(null)
  return revokeSession(gate, { session: session.id, by: session.device, why: 'given up by the connector', correlation: given.correlation })
}

export type DeviceRevoked = { readonly device: string; readonly by: string; readonly why: string; readonly correlation: string }

/** A device is trusted no more, and every session on it ends. Refuses `not_found`. */
export async function revokeDevice(gate: Revoking & { readonly devices: Pick<DeviceStore, 'revoke'> }, given: DeviceRevoked): Promise<Outcome<null, Refusal>> {
  const { device, by, why, correlation } = given
  const now = gate.clock()
  const revoked = await gate.devices.revoke(device, now)
  if (!revoked.ok) return revoked
  if (revoked.value === null) return refuse(refusal('not_found', 'there is no such device'))
  const receipt = await gate.record({ kind: 'device.revoked', outcome: 'done', correlation, device, person: revoked.value.person, detail: { by, why } })

  const live = await gate.sessions.live(now, device)
  if (!live.ok) return live
  for (const { id } of live.value) {
    const ended = await revokeSession(gate, { session: id, by, why, correlation })
    if (!ended.ok) return ended
  }
  return receipt.ok ? done(null) : receipt
}
