import { type Brand, mint } from '../base/brand.ts'
import { type Authority, believed } from './authority.ts'
import type { Device, DeviceStore } from './device-store.ts'
import { deviceGrant, deviceSubject } from './grants.ts'

/** Devices of which a row counts only where the journal has it: one that is not revoked was enrolled, by this person, with this key. */
export type BelievedDevices = Brand<Pick<DeviceStore, 'byKey' | 'byId'>, 'BelievedDevices'>

/** Both calls refuse `authority_mismatch` too. A row that says revoked is believed at once. */
export function believedDevices(devices: DeviceStore, authority: Authority): BelievedDevices {
  const check = (device: Device | null) =>
    device === null || device.revokedAt !== null
      ? null
      : { grants: [deviceGrant(device)], mismatch: { subject: deviceSubject(device.id), device: device.id, person: device.person } }
  return mint<BelievedDevices>({
    byKey: (jkt) => believed(authority, () => devices.byKey(jkt), check),
    byId: (id) => believed(authority, () => devices.byId(id), check),
  })
}
