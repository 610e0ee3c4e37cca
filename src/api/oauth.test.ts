import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, type Lobby, newDevice, openLobby, type TestDevice } from '../../test/support/lobby.ts'
import { codeFor, enrolledDevice, openedSession, POSTURE, poll, request, signedIn } from '../../test/support/visitor.ts'
import { Enrolled, OAuthError, Problem, SessionOpened, SessionPending } from '../contract/connector.ts'
import { wwwAuthenticate } from './metadata.ts'

let lobby: Lobby
let device: TestDevice
beforeAll(async () => {
  lobby = await openLobby()
  device = await enrolledDevice(lobby, 'p-anna')
})
afterAll(() => lobby.close())
beforeEach(() => {
  lobby.journal.down = false
})

const FORM = { client_id: 'c', agent_name: 'claude-desktop', agent_version: '1.4.0', posture: JSON.stringify(POSTURE) }
const formOf = (more: Readonly<{ [name: string]: string }> = {}): string => new URLSearchParams({ ...FORM, ...more }).toString()
const START = '/oauth/device_authorization'
const raw = (path: string, body: string, type = 'application/x-www-form-urlencoded') =>
  lobby.app.inject({ method: 'POST', url: path, headers: { dpop: device.proof('POST', path), 'content-type': type }, body })
const requests = async (): Promise<number> => (await lobby.pool.query<{ n: number }>('select count(*)::int as n from session_request')).rows[0]?.n ?? -1

describe('the endpoints of the authorization server', () => {
  it('answer what the contract says', async () => {
    const enrolled = await newDevice(lobby).enrol(await codeFor(lobby, 'p-anna', 'device'))
    expect(Enrolled.parse(enrolled.json())).toMatchObject({ person: 'p-anna' })
    const pending = SessionPending.parse((await device.form(START, FORM)).json())
    expect(pending).toMatchObject({ verification_uri: 'https://desk.example/link', interval: 2, expires_in: 600 })
    expect(pending.verification_uri_complete).toBe(`https://desk.example/link?code=${pending.user_code}`)
    const opened = SessionOpened.parse(await openedSession(lobby, device, await signedIn(lobby, 'p-anna')))
    expect(opened).toMatchObject({ token_type: 'DPoP', expires_in: 300, session_expires_in: 3600 })
  })

  it('want a nonce first, hand it out, and do not record that as a refusal', async () => {
    const before = lobby.entries.length
    const answer = await lobby.app.inject({
      method: 'POST',
      url: START,
      headers: { dpop: device.proof('POST', START, { nonce: 'none of ours' }), 'content-type': 'application/x-www-form-urlencoded' },
      body: formOf(),
    })
    expect(answer.statusCode).toBe(400)
    expect(OAuthError.parse(answer.json())).toMatchObject({ error: 'use_dpop_nonce', code: 'proof_nonce_required' })
    expect(answer.headers['dpop-nonce']).toBe(lobby.nonce())
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(lobby.entries).toHaveLength(before)
  })

  it.each<[string, string]>([
    ['a parameter given twice', `${formOf()}&client_id=other`],
    ['a parameter it does not know', formOf({ scope: 'all' })],
    ['a parameter missing', 'client_id=c'],
    ['an empty form', ''],
    ['a posture that is no JSON', formOf({ posture: '{' })],
    ['a posture with more than asked', formOf({ posture: JSON.stringify({ ...POSTURE, assurance: 'attested' }) })],
    ['an agent name of 101 characters', formOf({ agent_name: 'a'.repeat(101) })],
    ['a NUL in an agent name', formOf({ agent_name: 'a\u0000b' })],
    ['a prototype as a parameter', `${formOf()}&__proto__=x`],
  ])('refuse %s, record it, and nothing is asked for', async (_, body) => {
    const before = await requests()
    const answer = await raw(START, body)
    expect(answer.statusCode).toBe(400)
    expect(OAuthError.parse(answer.json())).toMatchObject({ error: 'invalid_request', code: 'malformed_request' })
    expect(lobby.entries.at(-1)).toMatchObject({ kind: 'session.refused', outcome: 'malformed_request' })
    expect(await requests()).toBe(before)
  })

  it('take no JSON where a form is due, no body that is too large, no unknown grant', async () => {
    const before = await requests()
    expect((await raw(START, JSON.stringify(FORM), 'application/json')).statusCode).toBe(400)
    expect((await raw(START, formOf({ posture: 'x'.repeat(9000) }))).statusCode).toBe(413)
    expect((await raw('/oauth/token', 'grant_type=client_credentials&client_id=c')).json()).toMatchObject({ error: 'invalid_request' })
    expect(await requests()).toBe(before)
  })

  it('never repeat what was sent in an error', async () => {
    const answer = await raw('/oauth/token', 'grant_type=refresh_token&refresh_token=gr_very-secret&client_id=c&extra=gr_very-secret')
    expect(answer.statusCode).toBe(400)
    expect(answer.body).not.toContain('very-secret')
    expect(JSON.stringify(lobby.entries)).not.toContain('very-secret')
  })

  it.each<[string, number, string, () => Promise<unknown>]>([
    ['device_unknown', 401, 'invalid_client', async () => newDevice(lobby).form(START, FORM)],
    ['code_unknown', 400, 'invalid_grant', () => poll(device, { device_code: 'gc_unknown', user_code: '', interval: 0 })],
    ['authorization_pending', 400, 'authorization_pending', async () => poll(device, await request(device))],
    ['token_unknown', 400, 'invalid_grant', () => device.form('/oauth/token', { grant_type: 'refresh_token', refresh_token: 'gr_x', client_id: 'c' })],
    ['journal_unavailable', 503, 'temporarily_unavailable', () => ((lobby.journal.down = true), device.form(START, FORM))],
  ])('say %s in words of OAuth too', async (code, status, error, ask) => {
    const answer = (await ask()) as Awaited<ReturnType<TestDevice['form']>>
    expect(answer.statusCode).toBe(status)
    expect(OAuthError.parse(answer.json())).toMatchObject({ code, error })
    expect(answer.json().error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  })

  it('refuse an enrolment with a problem and a challenge', async () => {
    const answer = await newDevice(lobby).enrol('abcd-efgh-jkmn')
    expect(Problem.parse(answer.json())).toMatchObject({ code: 'code_unknown', status: 400 })
    const unproven = await lobby.app.inject({ method: 'POST', url: '/enrol', body: { code: 'abcd-efgh', jwk: device.jwk, name: 'n', platform: 'p' } })
    expect(unproven.statusCode).toBe(401)
    expect(codeOf(unproven)).toBe('proof_missing')
    expect(unproven.headers['www-authenticate']).toContain('error="invalid_dpop_proof"')
    expect(lobby.entries.at(-1)).toMatchObject({ kind: 'device.enrol_refused', outcome: 'proof_missing' })
  })
})

describe('metadata', () => {
  it.each(['', '/mcp'])('names the resource asked for (RFC 9728): `%s`', async (path) => {
    const answer = await lobby.app.inject(`/.well-known/oauth-protected-resource${path}`)
    expect(answer.json()).toMatchObject({
      resource: `https://gate.example${path}`,
      authorization_servers: ['https://gate.example'],
      dpop_bound_access_tokens_required: true,
      dpop_signing_alg_values_supported: ['ES256'],
    })
  })

  it('names endpoints that are there (RFC 8414)', async () => {
    const metadata = (await lobby.app.inject('/.well-known/oauth-authorization-server')).json<Record<string, string>>()
    expect(metadata['issuer']).toBe('https://gate.example')
    for (const name of ['device_authorization_endpoint', 'token_endpoint', 'revocation_endpoint']) {
      expect(lobby.app.hasRoute({ method: 'POST', url: new URL(metadata[name] ?? '').pathname })).toBe(true)
    }
  })
})

describe('wwwAuthenticate', () => {
  it.each([
    ['token_missing', 'DPoP algs="ES256", resource_metadata="https://g/.well-known/oauth-protected-resource"'],
    [
      'token_expired',
      'DPoP error="invalid_token", error_description="Access token expired", algs="ES256", resource_metadata="https://g/.well-known/oauth-protected-resource"',
    ],
    [
      'proof_nonce_required',
      'DPoP error="use_dpop_nonce", error_description="DPoP proof needs a fresh nonce", algs="ES256", resource_metadata="https://g/.well-known/oauth-protected-resource"',
    ],
  ] as const)('challenges for %s', (code, challenge) => {
    expect(wwwAuthenticate({ code, detail: 'x' }, 'https://g')).toBe(challenge)
  })
})
