import { type Brand, mint } from '../base/brand.ts'
import { fromBase64url } from '../base/bytes.ts'
import { type Lru, lru } from '../base/lru.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Session } from '../model/principal.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { accessTokenHash } from '../proof/dpop.ts'
import type { BelievedSessions } from './believed-sessions.ts'
import { type Credential, type Proofs, provenBy, useUp } from './possess.ts'
import type { Revocation } from './revocation.ts'

/** A live session, asked for by the holder of its key, in this very request. */
export type Caller = Brand<{ readonly session: Session }, 'Caller'>

export type Authenticate = (credential: Credential) => Promise<Outcome<Caller, Refusal>>

export type Identity = { readonly sessions: Pick<BelievedSessions, 'byToken'>; readonly proofs: Proofs; readonly revocation: Revocation }

/** A token found in the store. Only positives are kept: a token that is unknown now may be good in a moment. */
type Known = {
  readonly session: Session
  readonly tokenEndsAt: number
  readonly epoch: number
  /** Whether the journal still has it so. Asked at each ask: a row may have been put back since, an entry not taken out. */
  readonly holds: () => boolean
  readonly answer: Outcome<Caller, Refusal>
}

const TOKENS_MAX = 20_000
const CREDENTIAL = /^DPoP ([A-Za-z0-9\-._~+/]{16,256})$/i

/**
 * Who asks: the token is known and live, the session neither ended nor revoked, and the request proven with the session's own key, once.
 * Refuses `token_missing`, `malformed_request`, `token_unknown`, `token_expired`, `session_ended`, `session_revoked`, `proof_*`, `token_foreign`,
 * `rate_limited`, `store_unavailable`, `authority_mismatch`. A thief of the token alone gets no further than the proof.
 */
export function authenticateWith(identity: Identity): Authenticate {
  const known = lru<string, Known>(TOKENS_MAX)
  const { proofs, revocation } = identity

  async function live(ath: string): Promise<Outcome<Known, Refusal>> {
    const found = await find(identity, known, ath)
    if (!found.ok) return found
    const now = proofs.clock()
    if (now >= found.value.session.endsAt) return refuse(refusal('session_ended', 'the session reached its end'))
    return now >= found.value.tokenEndsAt ? refuse(refusal('token_expired', 'the access token has expired')) : found
  }

  return async (credential) => {
    const token = tokenIn(credential.authorization)
    if (!token.ok) return token

    const ath = accessTokenHash(token.value)
    const found = await live(ath)
    if (!found.ok) return found
    // INVARIANT: from here on nothing is waited for, in which the session or the proof's nonce might end.
    const proof = provenBy(proofs, credential, ath)
    if (!proof.ok) return proof

    const { session, answer } = found.value
    if (proof.value.jkt !== session.jkt) return refuse(refusal('token_foreign', 'the proof is by another key than the session'))
    const once = useUp(proofs, proof.value)
    if (!once.ok) return once

    // Once more: a revocation may have been heard between the look and our turn.
    return revocation.isRevoked(session.id) ? revokedRefusal() : answer
  }
}

function tokenIn(authorization: Credential['authorization']): Outcome<string, Refusal> {
  if (authorization === undefined) return refuse(refusal('token_missing', 'there is no Authorization header'))
  if (typeof authorization !== 'string') return refuse(refusal('malformed_request', 'there is more than one Authorization header'))
  const token = CREDENTIAL.exec(authorization)?.[1]
  return token === undefined ? refuse(refusal('token_missing', 'the Authorization header holds no token of the DPoP scheme')) : done(token)
}

async function find({ sessions, revocation, proofs: { clock } }: Identity, known: Lru<string, Known>, ath: string): Promise<Outcome<Known, Refusal>> {
  const epoch = revocation.epoch()
  const held = known.get(ath)
  if (held && held.epoch === epoch && revocation.mayTrust() && (held.holds() || hasEnded(held, clock())))
    return revocation.isRevoked(held.session.id) ? revokedRefusal() : done(held)

  const stored = await sessions.byToken(fromBase64url(ath) ?? new Uint8Array(0))
  if (!stored.ok) return stored
  if (stored.value === null) return refuse(refusal('token_unknown', 'no session has this access token'))
  const { session, tokenEndsAt, revoked, holds } = stored.value
  if (revoked !== null || revocation.isRevoked(session.id)) return revokedRefusal()
  // INVARIANT: kept under the epoch from before the lookup. What was revoked while the line was lost raises it, and this is dropped.
  const fresh: Known = { session, tokenEndsAt, epoch, holds, answer: done(mint<Caller>({ session })) }
  known.set(ath, fresh)
  return done(fresh)
}

/** What is over of itself is refused as over, not as taken away. */
const hasEnded = ({ session, tokenEndsAt }: Known, now: number): boolean => now >= tokenEndsAt || now >= session.endsAt

const revokedRefusal = (): Outcome<never, Refusal> => refuse(refusal('session_revoked', 'this session was revoked'))
