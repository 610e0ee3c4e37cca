import { type Brand, mint } from '../base/brand.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { BelievedDevices } from '../identity/believed-devices.ts'
import type { Device } from '../identity/device-store.ts'
import type { Possession } from '../identity/possess.ts'
import type { Entry } from '../journal/entry.ts'
import type { Record } from '../journal/record.ts'
import { type Refusal, refusal } from '../model/refusal.ts'

/** A device that is enrolled by the journal's word, not revoked, and has just proven its key. */
export type StandingDevice = Brand<Device, 'StandingDevice'>

/** Whose device holds the key, or `device_unknown`, `device_revoked`, `authority_mismatch`. */
export async function standing(devices: Pick<BelievedDevices, 'byKey'>, by: Possession): Promise<Outcome<StandingDevice, Refusal>> {
  const device = await devices.byKey(by.jkt)
  if (!device.ok) return device
  if (device.value === null) return refuse(refusal('device_unknown', 'no device is enrolled with this key'))
  if (device.value.revokedAt !== null) return refuse(refusal('device_revoked', 'this device was revoked'))
  return done(mint<StandingDevice>(device.value))
}

/** Of whom a refusal tells, as far as that is known. */
export type About = Pick<Entry, 'session' | 'person' | 'device' | 'detail'>

/**
 * A session refused is recorded like one admitted, but not each poll that comes to nothing yet. When the journal is down that is what
 * is said, unless our whole database is.
 */
export async function sendAway(record: Record, said: Refusal, correlation: string, about: About): Promise<Outcome<never, Refusal>> {
  if (said.code === 'authorization_pending' || said.code === 'slow_down') return refuse(said)
  const { rule } = said
  const detail = rule ? { detail: { ...about.detail, rule: rule.id, owner: rule.owner, reason: rule.reason } } : {}
  const receipt = await record({ kind: 'session.refused', outcome: said.code, correlation, ...about, ...detail })
  return refuse(receipt.ok || said.code === 'store_unavailable' ? said : receipt.refusal)
}
