import { createHmac, hash, hkdfSync } from 'node:crypto'

/**
 * SHA-256 (FIPS 180-4), 32 bytes. By way of a string: asked for bytes, Node makes an `ArrayBuffer` for each digest, which takes longer than the digest. So it
 * lies among other bytes in Node's pool and keeps 64 KB of them alive: one of many that is kept for long is copied.
 */
export const sha256 = (data: Uint8Array | string): Uint8Array => Buffer.from(hash('sha256', data, 'binary'), 'binary')

/** HMAC-SHA256 (RFC 2104), 32 bytes: a digest of something guessable that only the key's holder can compute. */
export const hmac = (key: Uint8Array, data: Uint8Array | string): Uint8Array => createHmac('sha256', key).update(data).digest()

/** A key of `bytes` bytes for one purpose (HKDF-SHA256, RFC 5869), from a root key nobody else uses. */
export const deriveKey = (root: Uint8Array, purpose: string, bytes: number): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', root, new Uint8Array(0), purpose, bytes))
