import { aessiv } from '@noble/ciphers/aes.js'
import { utf8 } from '../base/bytes.ts'
import { deriveKey } from '../base/digest.ts'
import { base32, fromBase32 } from '../base/id.ts'
import { lru } from '../base/lru.ts'

const TEXT = new TextDecoder('utf-8', { fatal: true })

/** Tokens kept of a session: an agent at work meets the same people again and again, and sealing is the dearest part of covering a row. */
const SEALED_MAX = 128
/** Longer texts are letters and reasons, sealed once. */
const SEALED_CHARS_MAX = 100

/**
 * Tokens that mean something in one session only: `cus_…` is AES-SIV (RFC 5297) of the value under the session's own key,
 * with the entity as associated data. Deterministic, so an agent can join on them; nothing is stored; the key goes with the
 * session. Who holds a token learns the value's length and nothing else, and can use it only where its entity is asked for.
 */
export type Tokens = {
  readonly seal: (entity: string, value: string) => string
  /** The value, or null: another session's, another entity's, altered, or no token at all. */
  readonly open: (entity: string, token: string) => string | null
}

/** `root`: 32 secret bytes of this house. */
export function sessionTokens(root: Uint8Array, session: string): Tokens {
  const key = deriveKey(root, `gatehouse session tokens ${session}`, 64)
  const known = lru<string, string>(SEALED_MAX)
  return {
    seal(entity, value) {
      const name = `${entity}_${value}`
      const held = known.get(name)
      if (held !== undefined) return held
      const token = `${entity}_${base32(aessiv(key, utf8(entity)).encrypt(utf8(value)))}`
      if (name.length <= SEALED_CHARS_MAX) known.set(name, token)
      return token
    },
    open(entity, token) {
      if (!token.startsWith(`${entity}_`)) return null
      const sealed = fromBase32(token.slice(entity.length + 1))
      if (!sealed || sealed.length <= 16) return null
      try {
        return TEXT.decode(aessiv(key, utf8(entity)).decrypt(sealed))
      } catch {
        return null
      }
    },
  }
}

/** Anything in a text that looks like a token: three letters, an underscore, at least 27 letters of the alphabet. */
export const TOKEN = /\b([a-z]{3})_[0-9a-hjkmnp-tv-z]{27,}\b/g
