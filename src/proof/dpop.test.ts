import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import fc from 'fast-check'
import { calculateJwkThumbprint, EmbeddedJWK, exportJWK, jwtVerify, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import type { PublicJwk } from '../base/es256.ts'
import { accessTokenHash, checkProof, type Expected, makeProof } from './dpop.ts'
import { readHead, thumbprint } from './head.ts'

const NOW = Date.parse('2026-11-23T09:00:00Z')
const URL_ = 'https://gate.example/v1/operations/getShipmentSummary'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = publicKey.export({ format: 'jwk' }) as PublicJwk
const expected: Expected = { method: 'POST', url: URL_, ath: accessTokenHash('token'), nonceIsFresh: (nonce) => nonce === 'n1', now: NOW }
const good = { key: privateKey, jwk, method: 'POST', url: URL_, nonce: 'n1', accessToken: 'token', clock: () => NOW, random: (n: number) => randomBytes(n) }

const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const CLAIMS = { jti: 'a-jti-of-its-own', htm: 'POST', htu: URL_, iat: NOW / 1000, ath: expected.ath, nonce: 'n1' }
const HEADER = { typ: 'dpop+jwt', alg: 'ES256', jwk }
/** A proof with any header and claims, truly signed by the key: what a client that means harm can make. */
function signed(claims: unknown, header: object = HEADER): string {
  const text = `${encode(header)}.${encode(claims)}`
  return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

describe('checkProof', () => {
  it('takes what makeProof makes and names the key that made it', async () => {
    const proof = checkProof(makeProof(good), expected)
    expect(proof).toMatchObject({ ok: true, value: { jkt: thumbprint(jwk), nonce: 'n1', jwk: { kty: 'EC' } } })
  })

  it('takes a proof that jose made', async () => {
    const proof = await new SignJWT(CLAIMS).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk }).sign(privateKey)
    expect(checkProof(proof, expected)).toMatchObject({ ok: true, value: { jti: 'a-jti-of-its-own', jkt: await calculateJwkThumbprint(jwk) } })
  })

  it.each([
    ['at our time', 0, true],
    ['300 s old', -300, true],
    ['301 s old', -301, false],
    ['300 s ahead', 300, true],
    ['301 s ahead', 301, false],
  ])('judges a proof %s', async (_, seconds, ok) => {
    const proof = checkProof(signed({ ...CLAIMS, iat: NOW / 1000 + seconds }), expected)
    expect(proof.ok || proof.refusal.code).toBe(ok || 'proof_expired')
  })

  it.each<[string, unknown, string]>([
    ['as it should be', {}, 'ok'],
    ['jti of 8 characters', { jti: 'x'.repeat(8) }, 'ok'],
    ['jti of 7 characters', { jti: 'x'.repeat(7) }, 'proof_invalid'],
    ['jti of 128 characters', { jti: 'x'.repeat(128) }, 'ok'],
    ['jti of 129 characters', { jti: 'x'.repeat(129) }, 'proof_invalid'],
    ['jti that is a number', { jti: 1234567890 }, 'proof_invalid'],
    ['no jti', { jti: undefined }, 'proof_invalid'],
    ['another method', { htm: 'GET' }, 'proof_url_mismatch'],
    ['the method in lower case', { htm: 'post' }, 'proof_url_mismatch'],
    ['no method', { htm: undefined }, 'proof_invalid'],
    ['another path', { htu: `${URL_}s` }, 'proof_url_mismatch'],
    ['another host', { htu: URL_.replace('gate', 'evil') }, 'proof_url_mismatch'],
    ['another scheme', { htu: URL_.replace('https', 'http') }, 'proof_url_mismatch'],
    ['another port', { htu: URL_.replace('example', 'example:8443') }, 'proof_url_mismatch'],
    ['a trailing slash', { htu: `${URL_}/` }, 'proof_url_mismatch'],
    ['the default port written out', { htu: URL_.replace('example', 'example:443') }, 'ok'],
    ['host and scheme in capitals', { htu: URL_.replace('https://gate.example', 'HTTPS://GATE.Example') }, 'ok'],
    ['a query and a fragment', { htu: `${URL_}?a=1#b` }, 'ok'],
    ['an unreserved character escaped', { htu: URL_.replace('getS', 'get%53') }, 'ok'],
    ['dot segments', { htu: URL_.replace('/v1/', '/x/../v1/./') }, 'ok'],
    ['a user name', { htu: URL_.replace('gate', 'u@gate') }, 'proof_url_mismatch'],
    ['backslashes', { htu: URL_.replaceAll('/', '\\') }, 'proof_url_mismatch'],
    ['a line break that URL parsers drop', { htu: URL_.replace('v1', 'v\n1') }, 'proof_url_mismatch'],
    ['no URL at all', { htu: 'gate.example' }, 'proof_url_mismatch'],
    ['iat as a string', { iat: String(NOW / 1000) }, 'proof_invalid'],
    ['no iat', { iat: undefined }, 'proof_invalid'],
    ['an exp that has passed', { exp: NOW / 1000 - 1 }, 'proof_expired'],
    ['an exp to come', { exp: NOW / 1000 + 1 }, 'ok'],
    ['an nbf to come', { nbf: NOW / 1000 + 60 }, 'proof_expired'],
    ['the hash of another token', { ath: accessTokenHash('other') }, 'proof_invalid'],
    ['no hash of the token', { ath: undefined }, 'proof_invalid'],
    ['no nonce', { nonce: undefined }, 'proof_nonce_required'],
    ['an old nonce', { nonce: 'n0' }, 'proof_nonce_required'],
    ['a nonce that is an array', { nonce: ['n1'] }, 'proof_nonce_required'],
  ])('judges claims with %s', async (_, change, code) => {
    const proof = checkProof(signed({ ...CLAIMS, ...(change as object) }), expected)
    expect(proof.ok ? 'ok' : proof.refusal.code).toBe(code)
  })

  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const bits = Buffer.from(jwk.x, 'base64url')
  const off = { ...jwk, x: Buffer.from(bits.map((byte, at) => (at === 31 ? byte ^ 1 : byte))).toString('base64url') }
  it.each<[string, object]>([
    ['no typ', { typ: undefined }],
    ['another typ', { typ: 'JWT' }],
    ['the typ in capitals', { typ: 'DPoP+JWT' }],
    ['alg none', { alg: 'none' }],
    ['alg HS256', { alg: 'HS256' }],
    ['alg ES384', { alg: 'ES384' }],
    ['crit', { crit: ['b64'], b64: true }],
    ['no jwk', { jwk: undefined }],
    ['a private jwk', { jwk: privateKey.export({ format: 'jwk' }) }],
    ['a symmetric jwk', { jwk: { kty: 'oct', k: 'c2VjcmV0' } }],
    ['an RSA jwk', { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }],
    ['another curve', { jwk: { ...jwk, crv: 'P-384' } }],
    ["somebody else's jwk", { jwk: other.publicKey.export({ format: 'jwk' }) }],
    ['a point off the curve', { jwk: off }],
    ['a coordinate with a loose last digit', { jwk: { ...jwk, x: `${jwk.x.slice(0, 42)}${jwk.x[42] === 'B' ? 'C' : 'B'}` } }],
    ['a coordinate of 31 bytes', { jwk: { ...jwk, x: bits.subarray(1).toString('base64url') } }],
    ['a key for encryption', { jwk: { ...jwk, use: 'enc' } }],
  ])('refuses a header with %s', async (_, change) => {
    expect(checkProof(signed(CLAIMS, { ...HEADER, ...change }), expected)).toMatchObject({ ok: false, refusal: { code: 'proof_invalid' } })
  })

  it.each([
    ['nothing', () => ''],
    ['two parts', (proof: string) => proof.slice(0, proof.lastIndexOf('.'))],
    ['four parts', (proof: string) => `${proof}.`],
    ['padding', (proof: string) => `${proof}=`],
    ['two proofs joined as Node joins headers', (proof: string) => `${proof}, ${proof}`],
    ['an empty signature', (proof: string) => proof.slice(0, proof.lastIndexOf('.') + 1)],
    ['a longer proof than any', (proof: string) => proof + 'A'.repeat(4096)],
    ['a payload that is an array', (proof: string) => proof.replace(/\.[^.]+\./, `.${encode([])}.`)],
    ['a payload that is no JSON', (proof: string) => proof.replace(/\.[^.]+\./, `.${encode('{')}.`)],
  ])('refuses %s', async (_, spoil) => {
    expect(checkProof(spoil(makeProof(good)), expected)).toMatchObject({ ok: false, refusal: { code: 'proof_invalid' } })
  })

  it('refuses whatever jose refuses, for any change to any part of a proof', async () => {
    const proof = makeProof(good)
    const change = fc.record({
      at: fc.nat(proof.length - 1),
      to: fc.constantFrom(...'ABCDwxyz0189-_.=+/ ~'.split('')),
      how: fc.constantFrom('replace', 'insert', 'cut'),
    })
    let refused = 0
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const text = changes.reduce((now, { at, to, how }) => now.slice(0, at) + (how === 'cut' ? '' : to) + now.slice(how === 'insert' ? at : at + 1), proof)
        const theirs = await jwtVerify(text, EmbeddedJWK, { algorithms: ['ES256'], typ: 'dpop+jwt', currentDate: new Date(NOW) }).then(
          () => true,
          () => false,
        )
        const ours = checkProof(text, expected)
        if (!theirs) refused++
        expect(ours.ok && !theirs).toBe(false)
        expect(ours.ok).toBe(text === proof)
      }),
      { numRuns: 1500, seed: 20261123 },
    )
    expect(refused).toBeGreaterThan(1000)
  })

  it('refuses whatever jose refuses, for any header and claims truly signed', async () => {
    const odd = fc.oneof(
      fc.constant(undefined),
      fc.jsonValue(),
      fc.integer(),
      fc.constantFrom('ES256', 'dpop+jwt', 'application/dpop+jwt', ['exp'], NOW / 1000),
    )
    const fields = fc.constantFrom('typ', 'alg', 'jwk', 'crit', 'b64', 'iat', 'exp', 'nbf', 'jti', 'kid')
    const jwkFields = fc.constantFrom('kty', 'crv', 'x', 'y', 'd', 'k', 'use', 'key_ops', 'alg', 'ext')
    const agreed = { taken: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fields, odd, { maxKeys: 2 }), fc.dictionary(jwkFields, odd, { maxKeys: 1 }), async (change, keyChange) => {
        const text = signed({ ...CLAIMS, ...change }, { ...HEADER, jwk: { ...jwk, ...keyChange }, ...change })
        const theirs = await jwtVerify(text, EmbeddedJWK, { algorithms: ['ES256'], typ: 'dpop+jwt', currentDate: new Date(NOW) }).then(
          () => true,
          () => false,
        )
        const ours = checkProof(text, expected)
        expect(ours.ok && !theirs).toBe(false)
        agreed[ours.ok ? 'taken' : 'refused']++
      }),
      { numRuns: 1500, seed: 20261123 },
    )
    expect(agreed.taken).toBeGreaterThan(50)
    expect(agreed.refused).toBeGreaterThan(500)
  })
})

describe('thumbprint', () => {
  it("is jose's, for every key", async () => {
    for (let i = 0; i < 20; i++) {
      const { publicKey: any } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const key = (await exportJWK(any)) as PublicJwk
      expect(thumbprint(key)).toBe(await calculateJwkThumbprint(key))
      expect(readHead(encode({ ...HEADER, jwk: key }))?.jkt).toBe(thumbprint(key))
    }
  })
})
