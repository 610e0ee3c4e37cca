import { toBase64url } from '../base/bytes.ts'
import type { Random } from '../base/clock.ts'
import { sha256 } from '../base/digest.ts'
import { base32 } from '../base/id.ts'

/** A code people read and type: `bytes` random bytes as Crockford base32 in groups of four. */
export const newCode = (bytes: number, random: Random): string => inFours(base32(random(bytes)))

/** What was meant by what was typed: case, spaces and dashes do not count, and o, i, l are the digits they look like. */
export const meantCode = (typed: string): string => {
  const plain = typed.slice(0, 256).toLowerCase().replaceAll('o', '0').replace(/[il]/g, '1')
  return inFours(plain.replace(/[^0-9a-z]/g, ''))
}

const inFours = (text: string): string => (text.match(/.{1,4}/g) ?? []).join('-')

/** An opaque secret of 256 bits; the prefix tells a scanner of leaked secrets what it found. */
export const newSecret = (prefix: string, random: Random): string => `${prefix}${toBase64url(random(32))}`

/** What the store keeps in a secret's stead. A plain hash is enough: nobody guesses 120 bits and more. */
export const secretHash = (secret: string): Uint8Array => sha256(secret)
