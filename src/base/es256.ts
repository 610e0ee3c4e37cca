import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { concat } from './bytes.ts'

/** The public half of a P-256 key as a JWK (RFC 7518 §6.2.1): `x` and `y` are 32 bytes each, base64url. */
export type PublicJwk = { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }

/** The key a JWK names, or null where the point is not on the curve. */
export function importPublicKey({ kty, crv, x, y }: PublicJwk): KeyObject | null {
  try {
    return createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })
  } catch {
    return null
  }
}

/** An ES256 signature (RFC 7518 §3.4): `r` and `s` one after the other, 64 bytes. */
export const signEs256 = (key: KeyObject, data: Uint8Array): Uint8Array => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })

/** Whether 64 bytes are this key's ES256 signature of the data. */
export const verifyEs256 = (key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean =>
  signature.length === 64 && verify('sha256', data, key, toDer(signature))

/** `r || s` as the DER sequence OpenSSL works on (RFC 3279 §2.2.3). Done here: node's own conversion costs a third of the whole check. */
function toDer(signature: Uint8Array): Uint8Array {
  const r = derInteger(signature.subarray(0, 32))
  const s = derInteger(signature.subarray(32))
  return concat(Uint8Array.of(0x30, r.length + s.length), r, s)
}

function derInteger(bytes: Uint8Array): Uint8Array {
  let from = 0
  while (from < bytes.length - 1 && bytes[from] === 0) from++
  const digits = bytes.subarray(from)
  const padded = (digits[0] ?? 0) >= 0x80
  return padded ? concat(Uint8Array.of(0x02, digits.length + 1, 0), digits) : concat(Uint8Array.of(0x02, digits.length), digits)
}
