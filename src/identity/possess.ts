import { type Brand, mint } from '../base/brand.ts'
import type { Clock } from '../base/clock.ts'
import type { PublicJwk } from '../base/es256.ts'
import { lru } from '../base/lru.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { checkProof, type Proof } from '../proof/dpop.ts'
import { type Head, readHead } from '../proof/head.ts'
import type { Nonces } from './nonce.ts'
import type { Replay } from './replay.ts'

/** What a request shows of itself. An array: the header came more than once. `url` is ours, built from the public URL and the path, without query. */
export type Credential = {
  readonly authorization: string | readonly string[] | undefined
  readonly dpop: string | readonly string[] | undefined
  readonly method: string
  readonly url: string
}

/** Whoever sent this request holds the key `jkt`, and the proof of it cannot be used again. What the key may do is not known yet. */
export type Possession = Brand<{ readonly jkt: string; readonly jwk: PublicJwk }, 'Possession'>

export type Proofs = { readonly nonces: Nonces; readonly replay: Replay; readonly clock: Clock; readonly headOf: (segment: string) => Head | null }

const HEADS_MAX = 4096

/** The means to check proofs, made once for a process. A key that was imported is kept by its header: that alone costs as much as a signature. */
export function openProofs(given: Omit<Proofs, 'headOf'>): Proofs {
  const heads = lru<string, Head>(HEADS_MAX)
  function headOf(segment: string): Head | null {
    const held = heads.get(segment)
    if (held) return held
    const head = readHead(segment)
    if (head) heads.set(segment, head)
    return head
  }
  return { ...given, headOf }
}

/** Checks everything about a request's proof but replay, so that a proof which is refused for its token is not spent. `ath` null: no token goes with it. */
export function provenBy(proofs: Proofs, { dpop, method, url }: Credential, ath: string | null): Outcome<Proof, Refusal> {
  if (dpop === undefined) return refuse(refusal('proof_missing', 'there is no DPoP header'))
  if (typeof dpop !== 'string') return refuse(refusal('malformed_request', 'there is more than one DPoP header'))
  return checkProof(dpop, { method, url, ath, nonceIsFresh: proofs.nonces.isFresh, now: proofs.clock(), headOf: proofs.headOf })
}

/**
 * Uses a proof up. INVARIANT: the nonce is asked for again, and after the proof was looked up: to check a signature takes time, in which the window that
 * remembers an earlier use may have passed, and then so has the nonce.
 */
export function useUp({ replay, nonces }: Proofs, { jkt, jti, nonce }: Proof): Outcome<null, Refusal> {
  const once = replay.useOnce(jkt, jti)
  if (!once.ok) return once
  return nonces.isFresh(nonce) ? once : refuse(refusal('proof_nonce_required', 'the nonce became too old while the proof was checked'))
}

/** Who holds the key, for requests that need no token: enrolment, opening and renewing a session, the offer. */
export function possess(proofs: Proofs, credential: Credential): Outcome<Possession, Refusal> {
  const proof = provenBy(proofs, credential, null)
  if (!proof.ok) return proof
  const once = useUp(proofs, proof.value)
  if (!once.ok) return once
  return done(mint<Possession>({ jkt: proof.value.jkt, jwk: proof.value.jwk }))
}
