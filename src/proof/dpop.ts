import type { KeyObject } from 'node:crypto'
import { type Brand, mint } from '../base/brand.ts'
import { fromBase64url, toBase64url, utf8 } from '../base/bytes.ts'
import type { Clock, Random } from '../base/clock.ts'
import { sha256 } from '../base/digest.ts'
import { type PublicJwk, signEs256, verifyEs256 } from '../base/es256.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { type Head, readHead, readObject } from './head.ts'
import { normalUrl } from './url.ts'

/** How far a proof's `iat` may lie from our clock, either way. The nonce is what keeps a proof fresh; this only catches clocks that are wrong. */
const PROOF_SKEW_SECONDS = 300
const PROOF_LENGTH_MAX = 4096

/** Whoever sent this request holds this key. Not checked yet: whether the proof was used before, and whether the key may do anything. */
export type Proof = Brand<{ readonly jkt: string; readonly jwk: PublicJwk; readonly jti: string; readonly nonce: string }, 'Proof'>

/** What a proof has to be for. `url` is ours, without query; `ath` is `accessTokenHash` of the token beside it, or null without one. */
export type Expected = {
  readonly method: string
  readonly url: string
  readonly ath: string | null
  readonly nonceIsFresh: (nonce: string) => boolean
  /** Milliseconds since the epoch. */
  readonly now: number
  /** `readHead`, or a cache over it. */
  readonly headOf?: (segment: string) => Head | null
}

/** The hash of an access token that a proof carries (RFC 9449 §4.2) and that the store keeps in the token's stead. */
export const accessTokenHash = (token: string): string => toBase64url(sha256(token))

/**
 * A DPoP proof (RFC 9449 §4.3, every step but replay), as strictly as the RFC reads: ES256 alone, three exact base64url parts.
 * Refuses `proof_invalid`, `proof_url_mismatch`, `proof_expired`, `proof_nonce_required`.
 */
export function checkProof(text: string, expected: Expected): Outcome<Proof, Refusal> {
  const first = text.indexOf('.')
  const last = text.lastIndexOf('.')
  if (text.length > PROOF_LENGTH_MAX || first === -1 || text.indexOf('.', first + 1) !== last) return invalid('the proof is not three parts')

  const head = (expected.headOf ?? readHead)(text.slice(0, first))
  if (head === null) return invalid('the header is not that of an ES256 proof with a public P-256 key')

  const claims = readObject(text.slice(first + 1, last))
  if (claims === null) return invalid('the payload is not a JSON object')
  const fault = faultIn(claims, expected)
  if (fault !== null) return refuse(fault)

  const signature = fromBase64url(text.slice(last + 1))
  if (signature === null || !verifyEs256(head.key, utf8(text.slice(0, last)), signature)) return invalid('the signature does not match')
  return done(mint<Proof>({ jkt: head.jkt, jwk: head.jwk, jti: claims['jti'] as string, nonce: claims['nonce'] as string }))
}

const invalid = (detail: string): Outcome<never, Refusal> => refuse(refusal('proof_invalid', detail))

function faultIn({ jti, htm, htu, iat, exp, nbf, ath, nonce }: { readonly [name: string]: unknown }, expected: Expected): Refusal | null {
  const seconds = expected.now / 1000
  if (typeof jti !== 'string' || jti.length < 8 || jti.length > 128) return refusal('proof_invalid', '`jti` is not a string of 8 to 128 characters')
  if (typeof htm !== 'string' || typeof htu !== 'string') return refusal('proof_invalid', '`htm` and `htu` are not both there')
  if (htm !== expected.method || !sameUrl(htu, expected.url)) {
    return refusal('proof_url_mismatch', 'the proof was made for another method or URL')
  }
  if (typeof iat !== 'number') return refusal('proof_invalid', '`iat` is not a number')
  if (!(Math.abs(iat - seconds) <= PROOF_SKEW_SECONDS)) return refusal('proof_expired', `the proof's time is more than ${PROOF_SKEW_SECONDS} seconds from ours`)
  if (exp !== undefined && !(typeof exp === 'number' && exp > seconds)) return refusal('proof_expired', "the proof's own `exp` has passed")
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= seconds)) return refusal('proof_expired', "the proof's own `nbf` has not come")
  if (expected.ath !== null && ath !== expected.ath) return refusal('proof_invalid', 'the proof is not for this access token')
  if (nonce === undefined) return refusal('proof_nonce_required', 'the proof has no nonce')
  if (typeof nonce !== 'string' || !expected.nonceIsFresh(nonce)) return refusal('proof_nonce_required', 'the nonce is not ours or too old')
  return null
}

/** Equal as written, or equal once both are normalised: the first spares the second nearly always. */
const sameUrl = (claimed: string, ours: string): boolean => claimed === ours || (normalUrl(claimed) ?? '') === normalUrl(ours)

/** What a proof is made for. `url` with or without query; `clock` and `random` are the caller's own. */
export type ProofRequest = {
  readonly key: KeyObject
  readonly jwk: PublicJwk
  readonly method: string
  readonly url: string
  readonly nonce?: string
  readonly accessToken?: string
  readonly clock: Clock
  readonly random: Random
}

/** A fresh proof for one request (RFC 9449 §4.2), for the DPoP header. Throws on a URL that is none: the caller made it. */
export function makeProof({ key, jwk, method, url, nonce, accessToken, clock, random }: ProofRequest): string {
  const htu = normalUrl(url)
  if (htu === null) throw new Error('a proof is for an http or https URL')
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y } }
  const claims = {
    jti: toBase64url(random(16)),
    htm: method,
    htu,
    iat: Math.floor(clock() / 1000),
    ...(accessToken === undefined ? {} : { ath: accessTokenHash(accessToken) }),
    ...(nonce === undefined ? {} : { nonce }),
  }
  const signed = `${toBase64url(utf8(JSON.stringify(header)))}.${toBase64url(utf8(JSON.stringify(claims)))}`
  return `${signed}.${toBase64url(signEs256(key, utf8(signed)))}`
}
