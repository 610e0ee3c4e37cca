import type { Clock, Random } from '../base/clock.ts'
import { newId } from '../base/id.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { meantCode, secretHash } from '../identity/code.ts'
import type { Device, DeviceStore } from '../identity/device-store.ts'
import type { PersonStore } from '../identity/person-store.ts'
import type { Possession } from '../identity/possess.ts'
import type { Entry } from '../journal/entry.ts'
import type { Record } from '../journal/record.ts'
import { type Refusal, refusal } from '../model/refusal.ts'

export type Enrolment = {
  readonly people: Pick<PersonStore, 'takeInvite' | 'giveBackInvite'>
  readonly devices: Pick<DeviceStore, 'byKey' | 'add'>
  readonly record: Record
  readonly clock: Clock
  readonly random: Random
}

/** `name` and `platform` are the device's own words; `jkt` the thumbprint of the key it names. */
export type DeviceAsked = { readonly code: string; readonly jkt: string; readonly name: string; readonly platform: string; readonly correlation: string }

/**
 * A device for the person whom the code was given to, by a key whose holder sent this request. The code works once; where the same person
 * enrols the same key again, it is the same device. Refuses `proof_invalid` when the key named is not the key proven, `code_unknown`,
 * `device_revoked`, and `access_denied` for a key that is somebody else's device.
 */
export async function enrol(gate: Enrolment, by: Possession, asked: DeviceAsked): Promise<Outcome<Device, Refusal>> {
  const { correlation, name, platform } = asked
  if (asked.jkt !== by.jkt) return sendAway(gate, NOT_THIS_KEY, correlation, { detail: { jkt: by.jkt } })

  const now = gate.clock()
  const code = secretHash(meantCode(asked.code))
  const person = await gate.people.takeInvite(code, 'device', now)
  if (!person.ok) return sendAway(gate, person.refusal, correlation, { detail: { jkt: by.jkt } })
  if (person.value === null) return sendAway(gate, NO_CODE, correlation, { detail: { jkt: by.jkt } })
  const about = { person: person.value, detail: { jkt: by.jkt } }

  const before = await gate.devices.byKey(by.jkt)
  if (!before.ok) return sendAway(gate, before.refusal, correlation, about)
  if (before.value !== null) return again(gate, before.value, person.value, correlation)

  const device: Device = { id: newId('d', gate.random), person: person.value, jkt: by.jkt, name, platform, enrolledAt: now, revokedAt: null }
  const receipt = await gate.record({
    kind: 'device.enrolled',
    outcome: 'done',
    correlation,
    device: device.id,
    person: device.person,
    detail: { jkt: by.jkt, platform },
  })
  if (!receipt.ok) {
    await gate.people.giveBackInvite(code, now)
    return receipt
  }
  const added = await gate.devices.add(device, by.jwk)
  if (!added.ok) return sendAway(gate, added.refusal, correlation, { ...about, device: device.id })
  return added.value ? done(device) : sendAway(gate, TWICE_AT_ONCE, correlation, { ...about, device: device.id })
}

/** A key that is enrolled already: the same device for the same person, whose connector may have lost the first answer. */
async function again(gate: Enrolment, device: Device, person: string, correlation: string): Promise<Outcome<Device, Refusal>> {
  const about = { device: device.id, person }
  if (device.person !== person) return sendAway(gate, SOMEBODY_ELSES, correlation, about)
  if (device.revokedAt !== null) return sendAway(gate, refusal('device_revoked', 'this device was revoked'), correlation, about)
  const receipt = await gate.record({
    kind: 'device.enrolled',
    outcome: 'done',
    correlation,
    ...about,
    detail: { jkt: device.jkt, platform: device.platform, again: true },
  })
  return receipt.ok ? done(device) : receipt
}

async function sendAway(
  gate: Enrolment,
  said: Refusal,
  correlation: string,
  about: Pick<Entry, 'person' | 'device' | 'detail'>,
): Promise<Outcome<never, Refusal>> {
  const receipt = await gate.record({ kind: 'device.enrol_refused', outcome: said.code, correlation, ...about })
  return refuse(receipt.ok || said.code === 'store_unavailable' ? said : receipt.refusal)
}

const NOT_THIS_KEY = refusal('proof_invalid', 'the proof is by another key than the one to be enrolled')
const NO_CODE = refusal('code_unknown', 'this code is unknown, used or expired')
const SOMEBODY_ELSES = refusal('access_denied', "this key is another person's device")
const TWICE_AT_ONCE = refusal('code_unknown', 'this key was enrolled by another request a moment ago')
