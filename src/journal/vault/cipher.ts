import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { utf8 } from '../../base/bytes.ts'
import type { Random } from '../../base/clock.ts'
import { hmac } from '../../base/digest.ts'

/** A data key and its name. `id` of a value that concerns several subjects: each key's, joined by `+`. */
export type DataKey = { readonly id: string; readonly key: Uint8Array; readonly ready: KeyObject }

/** Made ready once: to hand the cipher the bytes each time costs it five times as much. */
export const dataKey = (id: string, key: Uint8Array): DataKey => ({ id, key, ready: createSecretKey(key) })

const IV_BYTES = 12
const TAG_BYTES = 16
/** `IV ‖ ciphertext ‖ tag` of AES-256-GCM (NIST SP 800-38D). `context` has to be the same to open it. At most 2^32 under one key: a month's worth by far. */
export function encrypt({ ready }: Pick<DataKey, 'ready'>, text: string, context: string, random: Random): Buffer {
  const iv = random(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', ready, iv).setAAD(utf8(context))
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/** The text, or null: another key, another context, or altered. */
export function decrypt({ ready }: Pick<DataKey, 'ready'>, sealed: Uint8Array, context: string): string | null {
  if (sealed.length < IV_BYTES + TAG_BYTES) return null
  const end = sealed.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', ready, sealed.subarray(0, IV_BYTES)).setAAD(utf8(context)).setAuthTag(sealed.subarray(end))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, end)), decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}

/** One key of several: whoever lacks any of them has none. In the order of their names, each once. */
export function bothOf(keys: readonly DataKey[]): DataKey {
  const [first, ...rest] = [...new Map(keys.map((one) => [one.id, one])).values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  if (first === undefined) throw new Error('a value is sealed under at least one key')
  return rest.reduce((held, next) => dataKey(`${held.id}+${next.id}`, hmac(held.key, Buffer.concat([utf8('gatehouse both of'), next.key]))), first)
}
