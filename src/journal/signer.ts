import { ed25519Sign } from '../base/ed25519.ts'
import type { SignerKey, VerifierKey } from '../log/note-key.ts'

/**
 * Who holds the log's key: a port. `fileSigner` keeps it in this process; a PKCS#11 token, a TPM or a KMS keeps it where it cannot be copied.
 * `signer.contract.ts` tests whoever keeps it.
 *
 * Key. Ed25519, `key.publicKey` of it, under the log's name; the same for the log's whole life. `sign` gives the 64 bytes of RFC 8032 over exactly
 * the bytes given: no prehash, no context (PKCS#11: CKM_EDDSA without parameters, key not extractable).
 * What to sign is never its decision: the caller has recomputed the tree and remembered it before it asks.
 * Errors. A call that rejects has signed nothing that counts; the caller asks again for the same bytes. It must end by itself, within seconds.
 * Concurrency. Calls may be made at once.
 */
export type Signer = {
  readonly key: VerifierKey
  readonly sign: (bytes: Uint8Array) => Promise<Uint8Array>
}

/** The key in memory, out of its file (`openSignerKey`). */
export function fileSigner({ seed, ...key }: SignerKey): Signer {
  return { key, sign: (bytes) => Promise.resolve(ed25519Sign(seed, bytes)) }
}
