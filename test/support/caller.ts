import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { PublicJwk } from '../../src/base/es256.ts'
import { done, type Outcome } from '../../src/base/outcome.ts'
import { authenticateWith, type Caller } from '../../src/identity/authenticate.ts'
import type { BelievedSessions } from '../../src/identity/believed-sessions.ts'
import { openNonces } from '../../src/identity/nonce.ts'
import { openProofs } from '../../src/identity/possess.ts'
import { openReplay } from '../../src/identity/replay.ts'
import { openRevocation, type Revocation } from '../../src/identity/revocation.ts'
import type { Session } from '../../src/model/principal.ts'
import type { Refusal } from '../../src/model/refusal.ts'
import { makeProof } from '../../src/proof/dpop.ts'
import { thumbprint } from '../../src/proof/head.ts'

/** Monday, 21 September 2026, noon UTC: where frozen clocks of these tests stand. */
export const NOON = Date.parse('2026-09-21T12:00:00Z')
const URL = 'https://gate.example/v1/operations/any'

/** A session as admission makes them, on a device with a key of its own. */
export type HeldSession = {
  readonly session: Session
  readonly jwk: PublicJwk
  /** The holder asks with a token and a fresh proof, and the real authentication says who that is. */
  readonly authenticate: (identity: Pick<Identity, 'prove'>) => Promise<Outcome<Caller, Refusal>>
}

/** Authentication of a whole house: what knows the proofs' nonces. */
export type Identity = {
  readonly prove: (key: HeldKey) => Promise<Outcome<Caller, Refusal>>
  readonly revocation: Revocation
}
type HeldKey = { readonly proof: (nonce: string) => string; readonly token: string }

/** Where tokens are looked up: the real store, or for tests of pure rooms a small one. */
export function openIdentity(sessions: Pick<BelievedSessions, 'byToken'>, clock: () => number = () => NOON): Identity {
  const nonces = openNonces({ clock, random: randomBytes })
  const proofs = openProofs({ nonces, replay: openReplay({ window: nonces.window }), clock })
  const revocation = openRevocation()
  revocation.hearing()
  const authenticate = authenticateWith({ sessions, proofs, revocation })
  return {
    revocation,
    prove: ({ proof, token }) => authenticate({ authorization: `DPoP ${token}`, dpop: proof(nonces.fresh()), method: 'POST', url: URL }),
  }
}

const BASE: Session = {
  id: 's-test',
  person: 'anna',
  groups: ['customer-service'],
  device: 'd-test',
  jkt: '',
  agent: { name: 'claude', version: '1.0', assurance: 'declared' },
  posture: { assurance: 'self', platform: 'linux', osVersion: '13', diskEncrypted: true, firewallOn: true },
  useCase: 'customer-inquiry',
  accounts: ['A'],
  admittedAt: NOON - 60_000,
  endsAt: NOON + 3_000_000,
}

/** A session that differs from the usual one in these. */
export function heldSession(over: Partial<Session> = {}, clock: () => number = () => NOON): HeldSession & { readonly token: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const jwk: PublicJwk = { kty: 'EC', crv: 'P-256', x, y }
  const token = `ga_${randomBytes(16).toString('base64url')}`
  const proof = (nonce: string) => makeProof({ key: privateKey, jwk, method: 'POST', url: URL, nonce, accessToken: token, clock, random: randomBytes })
  return { session: { ...BASE, ...over, jkt: thumbprint(jwk) }, jwk, token, authenticate: ({ prove }) => prove({ proof, token }) }
}

/** Who asks, for tests of what comes after authentication: minted by the real one, over a store that holds this session alone. */
export async function callerOf(over: Partial<Session> = {}): Promise<Caller> {
  const held = heldSession(over)
  const identity = openIdentity({ byToken: async () => done({ session: held.session, revoked: null, tokenEndsAt: NOON + 300_000, holds: () => true }) })
  const caller = await held.authenticate(identity)
  if (!caller.ok) throw new Error(caller.refusal.detail)
  return caller.value
}
