import type { Random } from './clock.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** Bytes as lower-case Crockford base32, for identifiers people read aloud: no i, l, o, u. */
export function base32(bytes: Uint8Array): string {
  let bits = 0
  let held = 0
  let text = ''
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff
    bits += 8
    for (; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31]
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text
}

/** A new identifier, `prefix-` and 80 random bits: enough never to meet twice, not a secret. */
export const newId = (prefix: string, random: Random): string => `${prefix}-${base32(random(10))}`
