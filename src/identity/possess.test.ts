import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import type { PublicJwk } from '../base/es256.ts'
import { done } from '../base/outcome.ts'
import { makeProof } from '../proof/dpop.ts'
import { thumbprint } from '../proof/head.ts'
import { authenticateWith, type Identity } from './authenticate.ts'
import { NONCE_WINDOW_SECONDS, openNonces } from './nonce.ts'
import { openProofs, possess } from './possess.ts'
import { openReplay } from './replay.ts'
import { openRevocation } from './revocation.ts'

const WINDOW_MS = NONCE_WINDOW_SECONDS * 1000
const URL_ = 'https://gate.example/v1/operations/x'
const TOKEN = 'gt_0123456789abcdef0123456789abcdef'

/** A device at a gate whose clock stands still until it is moved. `accessToken` undefined: a proof without. */
function atTheGate() {
  const time = { now: 1000 * WINDOW_MS }
  const clock = () => time.now
  const random = (bytes: number) => new Uint8Array(randomBytes(bytes))
  const nonces = openNonces({ clock, random })
  const proofs = openProofs({ nonces, replay: openReplay({ window: nonces.window }), clock })
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' }) as PublicJwk
  const credential = (accessToken?: string) => ({
    authorization: accessToken === undefined ? undefined : `DPoP ${accessToken}`,
    dpop: makeProof({
      key: privateKey,
      jwk,
      method: 'POST',
      url: URL_,
      nonce: nonces.fresh(),
      clock,
      random,
      ...(accessToken === undefined ? {} : { accessToken }),
    }),
    method: 'POST',
    url: URL_,
  })
  return { time, proofs, credential, jkt: thumbprint(jwk) }
}

it('takes a proof once, also when the time in which its first use is remembered passes while it is checked', () => {
  const { time, proofs, credential } = atTheGate()
  const asked = credential()
  expect(possess(proofs, asked)).toMatchObject({ ok: true })
  // The last moment in which its nonce is good.
  time.now += 2 * WINDOW_MS - 1
  expect(possess(proofs, asked)).toMatchObject({ refusal: { code: 'proof_replayed' } })
  const useOnce: typeof proofs.replay.useOnce = (jkt, jti) => {
    time.now += 1
    return proofs.replay.useOnce(jkt, jti)
  }
  expect(possess({ ...proofs, replay: { useOnce } }, asked)).toMatchObject({ refusal: { code: 'proof_nonce_required' } })
})

it.each([
  ['the token ends', 'token_expired', ({ time }: { readonly time: { now: number } }) => void (time.now += 1000)],
  ['the session ends', 'session_ended', ({ time }: { readonly time: { now: number } }) => void (time.now += 2000)],
  ['the session is revoked', 'session_revoked', ({ revoke }: { readonly revoke: () => void }) => revoke()],
  ['nothing happens', 'ok', () => undefined],
] as const)('is asked once the token was found: %s meanwhile', async (_, code, happens) => {
  const { time, proofs, credential, jkt } = atTheGate()
  const revocation = openRevocation()
  revocation.hearing()
  const session = { id: 's-1', jkt, endsAt: time.now + 2000 }
  const found = { session, tokenEndsAt: time.now + 1000, revoked: null, holds: () => true }
  const byToken = async () => {
    happens({ time, revoke: () => revocation.heard('s-1') })
    return done(found)
  }
  const authenticate = authenticateWith({ sessions: { byToken } as unknown as Identity['sessions'], proofs, revocation })
  const answer = await authenticate(credential(TOKEN))
  expect(answer.ok ? 'ok' : answer.refusal.code).toBe(code)
})

it('turns back a session whose revocation is heard after the look at it', async () => {
  const { time, proofs, credential, jkt } = atTheGate()
  const found = { session: { id: 's-1', jkt, endsAt: time.now + 2000 }, tokenEndsAt: time.now + 1000, revoked: null, holds: () => true }
  const sessions = { byToken: async () => done(found) } as unknown as Identity['sessions']
  let looks = 0
  const revocation = { ...openRevocation(), isRevoked: () => looks++ > 0 }
  expect(await authenticateWith({ sessions, proofs, revocation })(credential(TOKEN))).toMatchObject({ refusal: { code: 'session_revoked' } })
  expect(looks).toBe(2)
})
