import type { KeyObject } from 'node:crypto'
import { fromBase64url, toBase64url } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import { importPublicKey, type PublicJwk } from '../base/es256.ts'

/** The header of a proof, read and its key imported. Nothing signed has been checked yet. */
export type Head = { readonly jwk: PublicJwk; readonly jkt: string; readonly key: KeyObject }

/** Thumbprint of a key (RFC 7638 §3): base64url of SHA-256 over the required members in their one order. */
export const thumbprint = ({ crv, kty, x, y }: PublicJwk): string => toBase64url(sha256(`{"crv":"${crv}","kty":"${kty}","x":"${x}","y":"${y}"}`))

/** A proof's protected header (RFC 9449 §4.2): `dpop+jwt`, ES256, a public P-256 key on the curve, no `crit`. Anything else is null. */
export function readHead(segment: string): Head | null {
  const header = readObject(segment)
  if (header === null || header['typ'] !== 'dpop+jwt' || header['alg'] !== 'ES256' || 'crit' in header) return null
  const jwk = readJwk(header['jwk'])
  if (jwk === null) return null
  const key = importPublicKey(jwk)
  return key === null ? null : { jwk, jkt: thumbprint(jwk), key }
}

/** A public P-256 JWK, cut to its four members. A private part, another curve, another use or a coordinate that is not 32 bytes is null. */
function readJwk(value: unknown): PublicJwk | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const { kty, crv, x, y, d, k, alg = 'ES256', use = 'sig', ext = true, key_ops: operations = ['verify'] } = value as { readonly [name: string]: unknown }
  if (kty !== 'EC' || crv !== 'P-256' || !isCoordinate(x) || !isCoordinate(y) || d !== undefined || k !== undefined) return null
  if (alg !== 'ES256' || use !== 'sig' || typeof ext !== 'boolean' || !(Array.isArray(operations) && operations.length === 1 && operations[0] === 'verify'))
    return null
  return { kty, crv, x, y }
}

/** The JSON object in a base64url segment (RFC 7515 §7.1), or null. */
export function readObject(segment: string): { readonly [name: string]: unknown } | null {
  const bytes = fromBase64url(segment)
  if (bytes === null) return null
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { readonly [name: string]: unknown }) : null
  } catch {
    return null
  }
}

const isCoordinate = (value: unknown): value is string => typeof value === 'string' && value.length === 43 && fromBase64url(value)?.length === 32
