import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'

// The fixed DER heads of RFC 8410: what follows is the 32-byte key itself.
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** The 32-byte public key of a 32-byte seed (RFC 8032 §5.1.5). */
export const ed25519Public = (seed: Uint8Array): Uint8Array =>
  new Uint8Array(createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' }).subarray(SPKI.length))

/** The 64-byte signature (RFC 8032 §5.1.6): deterministic, so the same text is always signed alike. */
export const ed25519Sign = (seed: Uint8Array, message: Uint8Array): Uint8Array => ed25519Signer(seed)(message)

/** The same, for a key that signs often: reading it in costs more than a signature. */
export function ed25519Signer(seed: Uint8Array): (message: Uint8Array) => Uint8Array {
  const key = privateKey(seed)
  return (message) => sign(null, message, key)
}

/** Whether `signature` over `message` is by this public key. A key or signature of the wrong length never is. */
export const ed25519Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => ed25519Verifier(publicKey)(message, signature)

/** The same, for a key that verifies often. */
export function ed25519Verifier(publicKey: Uint8Array): (message: Uint8Array, signature: Uint8Array) => boolean {
  if (publicKey.length !== 32) return () => false
  const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' })
  return (message, signature) => signature.length === 64 && verify(null, message, key, signature)
}

const privateKey = (seed: Uint8Array) => createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
