import type { Clock, Random } from '../base/clock.ts'
import { newId } from '../base/id.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Authority, isBelieved } from '../identity/authority.ts'
import type { BelievedPeople } from '../identity/believed-people.ts'
import { meantCode, secretHash } from '../identity/code.ts'
import type { Device, DeviceStore } from '../identity/device-store.ts'
import { deviceGrant, deviceSubject, inviteSubject } from '../identity/grants.ts'
import type { Possession } from '../identity/possess.ts'
import type { Grants } from '../journal/authority.ts'
import type { Entry } from '../journal/entry.ts'
import type { Record } from '../journal/record.ts'
import { type Refusal, refusal } from '../model/refusal.ts'

export type Enrolment = {
  readonly people: Pick<BelievedPeople, 'takeInvite' | 'giveBackInvite'>
  /** Rows as they are: what of them counts is looked at here, since an invitation can make one count that the journal does not know. */
  readonly enrolled: Pick<DeviceStore, 'byKey' | 'add'>
  readonly authority: Authority & { readonly isKnown: (subject: string) => boolean }
  readonly record: Record
  readonly grant: Grants
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

  const before = await gate.enrolled.byKey(by.jkt)
  if (!before.ok) return sendAway(gate, before.refusal, correlation, about)
  if (before.value !== null) return again(gate, before.value, { person: person.value, invite: code, correlation })

  const device: Device = { id: newId('d', gate.random), person: person.value, jkt: by.jkt, name, platform, enrolledAt: now, revokedAt: null }
  const receipt = await gate.grant(
    { kind: 'device.enrolled', outcome: 'done', correlation, device: device.id, person: device.person, detail: { jkt: by.jkt, platform } },
    [deviceGrant(device), { ends: inviteSubject(code) }],
  )
  if (!receipt.ok) {
    await gate.people.giveBackInvite(code, now)
    return receipt
  }
  const added = await gate.enrolled.add(device, by.jwk)
  if (!added.ok) return sendAway(gate, added.refusal, correlation, { ...about, device: device.id })
  return added.value ? done(device) : sendAway(gate, TWICE_AT_ONCE, correlation, { ...about, device: device.id })
}

type Again = { readonly person: string; readonly invite: Uint8Array; readonly correlation: string }

/**
 * A key that is enrolled already: the same device for the same person, whose connector may have lost the first answer. A row that the journal never
 * spoke of (an older version's, or somebody's who wrote it there) counts from here on: its person has the code, and its holder the key.
 */
async function again(gate: Enrolment, device: Device, { person, invite, correlation }: Again): Promise<Outcome<Device, Refusal>> {
  const about = { device: device.id, person }
  if (device.person !== person) return sendAway(gate, SOMEBODY_ELSES, correlation, about)
  if (device.revokedAt !== null) return sendAway(gate, refusal('device_revoked', 'this device was revoked'), correlation, about)
  const already = await isBelieved(gate.authority, [deviceGrant(device)])
  if (!already.ok) return sendAway(gate, already.refusal, correlation, about)
  if (!already.value && gate.authority.isKnown(deviceSubject(device.id)))
    return sendAway(gate, await gate.authority.refuse({ subject: deviceSubject(device.id), ...about }), correlation, about)
  const receipt = await gate.grant(
    { kind: 'device.enrolled', outcome: 'done', correlation, ...about, detail: { jkt: device.jkt, platform: device.platform, again: true } },
    [...(already.value ? [] : [deviceGrant(device)]), { ends: inviteSubject(invite) }],
  )
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
