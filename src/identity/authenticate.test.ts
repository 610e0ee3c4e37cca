import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, type Lobby, newDevice, OPERATION, openLobby, type TestDevice } from '../../test/support/lobby.ts'
import { enrolledDevice, type Opened, openedSession, signedIn } from '../../test/support/visitor.ts'
import { sessionStore } from '../store/session-store.ts'
import { secretHash } from './code.ts'
import { tokenGrant } from './grants.ts'
import type { SignedIn } from './sign-in.ts'

let lobby: Lobby
let device: TestDevice
let anna: SignedIn
let opened: Opened
beforeAll(async () => {
  lobby = await openLobby()
  device = await enrolledDevice(lobby, 'p-anna')
})
afterAll(() => lobby.close())
beforeEach(async () => {
  anna = await signedIn(lobby, 'p-anna')
  opened = await openedSession(lobby, device, anna)
})

describe('authenticate', () => {
  it('lets the holder of token and key through, with any case of the scheme', async () => {
    for (const scheme of ['DPoP', 'dpop', 'DPOP'])
      expect(codeOf(await device.ask(opened.access_token, { authorization: `${scheme} ${opened.access_token}` }))).toBe('ok')
  })

  it.each<[string, (token: string) => { readonly [name: string]: string }, string]>([
    ['no token', () => ({ authorization: '' }), 'token_missing'],
    ['a bearer token', (token) => ({ authorization: `Bearer ${token}` }), 'token_missing'],
    ['two tokens in one header', (token) => ({ authorization: `DPoP ${token}, DPoP ${token}` }), 'token_missing'],
    ['a token with a blank at the end', (token) => ({ authorization: `DPoP ${token} ` }), 'token_missing'],
    ['a token too long to be one', () => ({ authorization: `DPoP ${'a'.repeat(257)}` }), 'token_missing'],
    ['a token nobody gave', () => ({ authorization: `DPoP ga_${'A'.repeat(43)}` }), 'token_unknown'],
    ['a token changed in its last character', (token) => ({ authorization: `DPoP ${token.slice(0, -1)}${token.endsWith('A') ? 'Q' : 'A'}` }), 'token_unknown'],
    ['an empty proof', () => ({ dpop: '' }), 'proof_invalid'],
    ['a proof of another token', () => ({ dpop: device.proof('POST', OPERATION, { accessToken: 'other' }) }), 'proof_invalid'],
    ['a proof without a token', () => ({ dpop: device.proof('POST', OPERATION) }), 'proof_invalid'],
  ])('turns back %s, and nothing is asked', async (_, headers, code) => {
    const before = lobby.asked.count
    const answer = await device.ask(opened.access_token, headers(opened.access_token))
    expect(codeOf(answer)).toBe(code)
    expect(answer.statusCode).toBe(401)
    expect(answer.headers['www-authenticate']).toMatch(
      /^DPoP .*algs="ES256", resource_metadata="https:\/\/gate\.example\/\.well-known\/oauth-protected-resource"$/,
    )
    expect(lobby.asked.count).toBe(before)
  })

  it('turns back a request without a proof, and one whose headers came twice', async () => {
    const authorization = `DPoP ${opened.access_token}`
    const bare = await lobby.app.inject({ method: 'POST', url: OPERATION, headers: { authorization } })
    expect(codeOf(bare)).toBe('proof_missing')
    const twice = { authorization: [authorization, authorization], dpop: undefined, method: 'POST', url: `https://gate.example${OPERATION}` }
    expect(await lobby.authenticateElsewhere(twice)).toMatchObject({ ok: false, refusal: { code: 'malformed_request' } })
    expect(await lobby.authenticateElsewhere({ ...twice, authorization, dpop: ['a', 'b'] })).toMatchObject({
      ok: false,
      refusal: { code: 'malformed_request' },
    })
  })

  it('does not spend a proof that came too early: with a nonce that is fresh again the same key goes on', async () => {
    const answer = await device.ask(opened.access_token, { dpop: device.proof('POST', OPERATION, { accessToken: opened.access_token, nonce: 'stale' }) })
    expect(codeOf(answer)).toBe('proof_nonce_required')
    expect(answer.headers['www-authenticate']).toContain('error="use_dpop_nonce"')
    const nonce = String(answer.headers['dpop-nonce'])
    expect(codeOf(await device.ask(opened.access_token, { dpop: device.proof('POST', OPERATION, { accessToken: opened.access_token, nonce }) }))).toBe('ok')
  })

  it('believes what it looked up before only while it hears of revocations', async () => {
    expect(codeOf(await device.ask(opened.access_token))).toBe('ok')
    // Another process revokes, and the word of it does not reach this one.
    await sessionStore(lobby.pool).revoke(opened.session, 'p-ben', 'x', lobby.time.now)
    expect(codeOf(await device.ask(opened.access_token))).toBe('ok')
    lobby.revocation.deaf()
    expect(codeOf(await device.ask(opened.access_token))).toBe('session_revoked')
    lobby.revocation.hearing()
    expect(codeOf(await device.ask(opened.access_token))).toBe('session_revoked')
  })

  it('looks a token up again that was unknown a moment ago', async () => {
    const token = `ga_${'B'.repeat(43)}`
    expect(codeOf(await device.ask(token))).toBe('token_unknown')
    const endsAt = lobby.time.now + 1000
    await lobby.authority.grant({ kind: 'session.renewed', outcome: 'done', session: opened.session }, [tokenGrant(secretHash(token), opened.session, endsAt)])
    await sessionStore(lobby.pool).addToken(opened.session, secretHash(token), endsAt, lobby.time.now)
    expect(codeOf(await device.ask(token))).toBe('ok')
  })

  it('refuses a token of a session for another key, whoever enrolled that', async () => {
    const stranger = newDevice(lobby)
    expect(codeOf(await stranger.ask(opened.access_token))).toBe('token_foreign')
  })
})
