import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import type { PublicJwk } from '../base/es256.ts'
import { makeProof } from '../proof/dpop.ts'
import { NONCE_WINDOW_SECONDS, openNonces } from './nonce.ts'
import { openProofs, possess } from './possess.ts'
import { openReplay } from './replay.ts'

const WINDOW_MS = NONCE_WINDOW_SECONDS * 1000
const URL_ = 'https://gate.example/v1/operations/x'

it('takes a proof once, also when the time in which its first use is remembered passes while its signature is checked', async () => {
  let now = 1000 * WINDOW_MS
  const clock = () => now
  const random = (bytes: number) => new Uint8Array(randomBytes(bytes))
  const nonces = openNonces({ clock, random })
  const proofs = openProofs({ nonces, replay: openReplay({ window: nonces.window }), clock })
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' }) as PublicJwk
  const dpop = makeProof({ key: privateKey, jwk, method: 'POST', url: URL_, nonce: nonces.fresh(), clock, random })
  const asked = { authorization: undefined, dpop, method: 'POST', url: URL_ }

  expect(await possess(proofs, asked)).toMatchObject({ ok: true })
  // The last moment in which its nonce is good: one window later, all but a millisecond.
  now += 2 * WINDOW_MS - 1
  expect(await possess(proofs, asked)).toMatchObject({ refusal: { code: 'proof_replayed' } })
  setImmediate(() => {
    now += 1
  })
  expect(await possess(proofs, asked)).toMatchObject({ refusal: { code: 'proof_nonce_required' } })
})
