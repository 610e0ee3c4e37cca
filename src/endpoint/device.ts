import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Fault } from '../model/fault.ts'
import { checkHome } from './home.ts'
import { type DeviceKey, loadKey } from './key-store.ts'
import { writePrivate } from './private-file.ts'

/** What enrolment left behind: who this device is, at which gate, and which certificate that gate must show. */
const Device = z.object({
  device: z.string().min(1),
  person: z.string(),
  gate: z.url(),
  /** `sha256-` and base64url of the certificate's SHA-256; absent: ordinary verification by authorities. */
  pin: z.string().optional(),
  /** Thumbprint of the key that was enrolled. */
  jkt: z.string(),
})
export type Device = Readonly<z.infer<typeof Device>>

/** A device and the key that proves it. */
export type EnrolledDevice = { readonly device: Device; readonly key: DeviceKey }

const devicePath = (home: string): string => join(home, 'device.json')

export const keepDevice = (home: string, device: Device): void => writePrivate(devicePath(home), `${JSON.stringify(device, null, 2)}\n`)

/** Changes whenever the device is enrolled again; null when it is not enrolled. */
export function enrolmentMark(home: string): string | null {
  const found = statSync(devicePath(home), { throwIfNoEntry: false })
  return found === undefined ? null : `${found.ino}-${found.mtimeMs}`
}

/** The device enrolled in this folder, or null. Faults: the file is broken, the key is missing, readable by others, or another one. */
export function loadDevice(home: string): EnrolledDevice | null {
  if (enrolmentMark(home) === null) return null
  checkHome(home)
  const device = readDevice(devicePath(home))
  const key = loadKey(home)
  if (key === null || key.jkt !== device.jkt)
    throw new Fault('not_enrolled', `the key in \`${home}\` is not the one that was enrolled`, 'enrol the device again with --replace')
  return { device, key }
}

function readDevice(path: string): Device {
  try {
    return Device.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new Fault('config_invalid', `\`${path}\` is not readable as a device`, 'enrol the device again with --replace', { cause })
  }
}
