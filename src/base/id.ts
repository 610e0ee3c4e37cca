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

/** The bytes of that spelling, or null: upper case, foreign letters and non-zero padding bits are refused, so a value has one spelling. */
export function fromBase32(text: string): Uint8Array | null {
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter)
    if (value < 0) return null
    held = ((held << 5) | value) & 0xffff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((held >> bits) & 255)
  }
  const out = Uint8Array.from(bytes)
  return base32(out) === text ? out : null
}
