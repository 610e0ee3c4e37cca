import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import type { PublicJwk } from '../base/es256.ts'
import { Fault } from '../model/fault.ts'
import { thumbprint } from '../proof/head.ts'
import { readPrivate, writePrivate } from './private-file.ts'

/**
 * The device's P-256 key. A SOFTWARE key: whoever can read this user's files can copy it. A TPM or secure enclave takes its
 * place later; until then the gate knows the device by a key that is only as safe as the user's account.
 */
export type DeviceKey = {
  readonly privateKey: KeyObject
  readonly publicJwk: PublicJwk
  /** RFC 7638 thumbprint, base64url of SHA-256. */
  readonly jkt: string
}

const FILE = 'device-key.jwk'
const Coordinate = z.string().regex(/^[\w-]{43}$/)
const PrivateJwk = z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: Coordinate, y: Coordinate, d: Coordinate })

/** @internal */
export const keyPath = (home: string): string => join(home, FILE)

/** A new key, not yet kept anywhere. */
export const makeKey = (): DeviceKey => deviceKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)

/** Keeps the key in the folder, mode 0600, in one step. */
export function keepKey(home: string, key: DeviceKey): void {
  const jwk = { ...key.privateKey.export({ format: 'jwk' }), note: 'software key of this device for Gatehouse; never copy or share it' }
  writePrivate(keyPath(home), `${JSON.stringify(jwk, null, 2)}\n`)
}

/** The key kept in the folder, or null. Faults: others can read it, or it is not a P-256 key. */
export function loadKey(home: string): DeviceKey | null {
  const text = readPrivate(keyPath(home))
  if (text === null) return null
  try {
    return deviceKey(createPrivateKey({ key: PrivateJwk.parse(JSON.parse(text)), format: 'jwk' }))
  } catch {
    // The cause is left out: a parser's message may quote the key.
    throw new Fault('config_invalid', `\`${keyPath(home)}\` is not a device key`, 'enrol the device again with --replace')
  }
}

function deviceKey(privateKey: KeyObject): DeviceKey {
  const { x, y } = createPublicKey(privateKey).export({ format: 'jwk' })
  if (x === undefined || y === undefined) throw new Error('an EC key has two coordinates')
  const publicJwk: PublicJwk = { kty: 'EC', crv: 'P-256', x, y }
  return { privateKey, publicJwk, jkt: thumbprint(publicJwk) }
}
