import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { utf8 } from '../../base/bytes.ts'
import { deriveKey, hmac } from '../../base/digest.ts'

/**
 * The key that every key of the vault is wrapped by: a port. `localMasterKey` keeps it in this process; a KMS or an HSM keeps it outside.
 * `master-key.contract.ts` tests whoever keeps it.
 *
 * Secrecy. What `wrap` gives says nothing of the key, and is another each time. `index` gives the same digest for the same text, and nobody without the
 * master key can compute it: what it is of may be guessable.
 * Binding. What was wrapped in one context is unwrapped in that context only. `unwrap` answers null for another context, another master key, or a bit altered.
 * Errors. A call rejects when the keeper cannot be reached; nothing was done then. All calls may be made at once.
 */
export type MasterKey = {
  readonly wrap: (key: Uint8Array, context: string) => Promise<Uint8Array>
  readonly unwrap: (wrapped: Uint8Array, context: string) => Promise<Uint8Array | null>
  /** 32 bytes. */
  readonly index: (text: string) => Promise<Uint8Array>
}

const IV_BYTES = 12
const TAG_BYTES = 16

/** A master key of 32 secret bytes, from a file or the environment. Wrapped: `IV ‖ ciphertext ‖ tag` of AES-256-GCM (NIST SP 800-38D), the context as associated data. */
export function localMasterKey(secret: Uint8Array): MasterKey {
  if (secret.length !== 32) throw new Error(`a master key has 32 bytes, not ${secret.length}`)
  const wrapping = deriveKey(secret, 'gatehouse vault wrapping', 32)
  const indexing = deriveKey(secret, 'gatehouse vault index', 32)
  return {
    async wrap(key, context) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', wrapping, iv).setAAD(utf8(context))
      return Buffer.concat([iv, cipher.update(key), cipher.final(), cipher.getAuthTag()])
    },
    async unwrap(wrapped, context) {
      if (wrapped.length < IV_BYTES + TAG_BYTES) return null
      const end = wrapped.length - TAG_BYTES
      const decipher = createDecipheriv('aes-256-gcm', wrapping, wrapped.subarray(0, IV_BYTES)).setAAD(utf8(context)).setAuthTag(wrapped.subarray(end))
      try {
        return Buffer.concat([decipher.update(wrapped.subarray(IV_BYTES, end)), decipher.final()])
      } catch {
        return null
      }
    },
    index: async (text) => hmac(indexing, text),
  }
}
