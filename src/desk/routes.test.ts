import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type House, memoryHouse } from '../../test/browser/house.ts'
import { Problem } from '../contract/connector.ts'
import { CALLS, type CallName, PAGES } from '../contract/console.ts'
import { CONFIRMED_SECONDS } from '../model/confirmation.ts'
import { nextStepOf, statusOf } from '../model/refusal.ts'
import { deskRoutes } from './routes.ts'

const ORIGIN = 'http://127.0.0.1:4310'
let folder: string
let app: FastifyInstance
let house: House

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-desk-'))
  mkdirSync(join(folder, 'desk/assets'), { recursive: true })
  writeFileSync(join(folder, 'index.html'), '<!doctype html><meta name="style-nonce" content="__STYLE_NONCE__"><script src="/desk/assets/a.js"></script>')
  writeFileSync(join(folder, 'desk/assets/a.js'), 'export {}')
  house = memoryHouse({ folder, origin: () => ORIGIN, now: Date.UTC(2026, 10, 23, 14, 30) })
  app = fastify()
  await deskRoutes(app, house)
})
afterEach(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

const HEADERS = { host: '127.0.0.1:4310', origin: ORIGIN }
type Sent = { readonly cookie?: string; readonly headers?: Record<string, string | undefined>; readonly body?: unknown }
async function send(method: 'GET' | 'POST', url: string, { cookie, headers, body }: Sent = {}) {
  const all = { ...HEADERS, ...(method === 'POST' && { 'content-type': 'application/json' }), ...(cookie !== undefined && { cookie }), ...headers }
  const kept = Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  const response = await app.inject({
    method,
    url,
    headers: kept,
    ...(method === 'POST' && { payload: typeof body === 'string' ? body : JSON.stringify(body ?? {}) }),
  })
  return { response, code: response.statusCode < 400 ? null : Problem.parse(response.json()).code }
}
async function signIn(person: string, passphrase: string): Promise<string> {
  const { response } = await send('POST', '/desk/api/sign-in', { body: { person, passphrase } })
  expect(response.statusCode).toBe(200)
  return String(response.headers['set-cookie']).split(';')[0] ?? ''
}
const anna = () => signIn('anna', 'correct horse battery')
const erik = () => signIn('erik', 'staple gun and twine')
/** What the journal holds of what was refused here, but for what stood in it at the start. */
const refused = () => house.kept().filter(({ kind, outcome }) => outcome !== 'done' && kind !== 'ask.refused' && kind !== 'sources.capped')
const APPROVAL = { version: 1, digest: 'q1YvB0mN3', decision: 'approve', reason: 'seen the signature' }

describe('signing in', () => {
  it('gives a cookie no script and no other site can use, and shows the person', async () => {
    const { response } = await send('POST', '/desk/api/sign-in', { body: { person: 'anna', passphrase: 'correct horse battery' } })
    expect(CALLS.me.answer.parse(response.json())).toMatchObject({ person: 'anna', isApprover: false })
    expect(response.headers['set-cookie']).toMatch(/^gatehouse-desk=[^;]{40,}; Max-Age=28800; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(response.headers['cache-control']).toBe('no-store')
  })

  it('binds the cookie to the host and to TLS where there is TLS', async () => {
    const tls = fastify()
    await deskRoutes(tls, memoryHouse({ folder, origin: () => 'https://gate.example', now: 0 }))
    const headers = { host: 'gate.example', origin: 'https://gate.example', 'content-type': 'application/json' }
    const response = await tls.inject({ method: 'POST', url: '/desk/api/sign-in', headers, payload: { person: 'erik', passphrase: 'staple gun and twine' } })
    expect(response.headers['set-cookie']).toMatch(/^__Host-gatehouse-desk=.*; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
    await tls.close()
  })

  it('refuses a wrong passphrase with a problem and no cookie', async () => {
    const { response, code } = await send('POST', '/desk/api/sign-in', { body: { person: 'anna', passphrase: 'guess' } })
    expect([code, response.statusCode, response.headers['set-cookie']]).toEqual(['sign_in_failed', 401, undefined])
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/)
  })

  it('ends when the person signs out', async () => {
    const cookie = await anna()
    await send('POST', '/desk/api/sign-out', { cookie })
    expect((await send('GET', '/desk/api/me', { cookie })).code).toBe('sign_in_required')
  })

  it('takes an invitation once, and only for a passphrase long enough', async () => {
    const invitation = 'welcome-0123456789'
    expect((await send('POST', '/desk/api/passphrase', { body: { code: invitation, passphrase: 'short' } })).code).toBe('malformed_request')
    expect((await send('POST', '/desk/api/passphrase', { body: { code: invitation, passphrase: 'twelve chars long' } })).response.json()).toEqual({
      person: 'mira',
    })
    expect((await send('POST', '/desk/api/passphrase', { body: { code: invitation, passphrase: 'twelve chars long' } })).code).toBe('code_unknown')
    await signIn('mira', 'twelve chars long')
  })
})

describe('the door', () => {
  const URL = '/desk/api/changes/chg-7k2m/decide'
  const FORGED: readonly (readonly [string, Sent, string])[] = [
    ['another page', { headers: { origin: 'https://evil.example' } }, 'origin_foreign'],
    ['no origin', { headers: { origin: undefined } }, 'origin_foreign'],
    ['another host', { headers: { host: 'rebound.example:4310' } }, 'origin_foreign'],
    ['another site', { headers: { 'sec-fetch-site': 'cross-site' } }, 'origin_foreign'],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 'malformed_request'],
    ['plain text', { headers: { 'content-type': 'text/plain' } }, 'malformed_request'],
    ['broken JSON', { body: '{"version":' }, 'malformed_request'],
    ['an extra field', { body: { ...APPROVAL, approver: 'anna' } }, 'malformed_request'],
    ['a reason of blanks', { body: { ...APPROVAL, reason: '   ' } }, 'malformed_request'],
    ['a prototype', { body: '{"__proto__":{"isApprover":true}}' }, 'malformed_request'],
    ['too much', { body: { ...APPROVAL, reason: 'x'.repeat(20_000) } }, 'payload_too_large'],
  ]
  it.each(FORGED)('turns back a decision sent by %s, and nothing happens', async (_title, sent, code) => {
    const cookie = await erik()
    const before = house.acts.length
    expect((await send('POST', URL, { cookie, body: APPROVAL, ...sent })).code).toBe(code)
    expect(house.acts.length).toBe(before)
    expect(refused()).toEqual([
      { kind: 'console.refused', outcome: code, person: 'erik', correlation: expect.stringMatching(/^cor-/), detail: { call: 'decideChange' } },
    ])
    expect(CALLS.changes.answer.parse((await send('GET', '/desk/api/changes', { cookie })).response.json()).waiting[0]).toMatchObject({
      id: 'chg-7k2m',
      state: 'proposed',
    })
  })

  it('turns back a sign-in sent by another page, so nobody is signed in as someone else', async () => {
    const body = { person: 'anna', passphrase: 'correct horse battery' }
    const { response, code } = await send('POST', '/desk/api/sign-in', { body, headers: { origin: 'https://evil.example' } })
    expect([code, response.headers['set-cookie'], house.acts]).toEqual(['origin_foreign', undefined, []])
    expect(refused()).toEqual([])
    await house.tell()
    expect(refused()).toEqual([{ kind: 'console.refused', outcome: 'origin_foreign', detail: { counts: { '127.0.0.1': 1 } } }])
  })

  it('opens no call to the signed-out but those for signing in, and no act follows', async () => {
    const closed = Object.values(CALLS).filter((call) => call.who !== 'anyone')
    expect(closed.length).toBe(Object.keys(CALLS).length - 2)
    for (const call of closed) {
      for (const cookie of [undefined, 'gatehouse-desk=forged']) {
        const { code } = await send(call.method, call.path.replace(':id', 'x-1'), cookie === undefined ? {} : { cookie })
        expect([call.path, code]).toEqual([call.path, 'sign_in_required'])
      }
    }
    expect((await send('GET', '/desk/api/events')).code).toBe('sign_in_required')
    expect(house.acts).toEqual([])
    await house.tell()
    expect(refused()).toEqual([{ kind: 'console.refused', outcome: 'sign_in_required', detail: { counts: { '127.0.0.1': closed.length * 2 + 1 } } }])
  })

  it('knows every call of the contract and answers a problem for any other', async () => {
    expect(Object.values(CALLS).filter((call) => !app.hasRoute({ method: call.method, url: call.path }))).toEqual([])
    expect((await send('GET', '/desk/api/tables')).code).toBe('no_such_address')
  })

  it('hides what broke behind a code and a correlation id', async () => {
    const failing = fastify()
    await deskRoutes(failing, { ...house, signIn: async () => Promise.reject(new Error('relation "person" does not exist')) })
    const headers = { ...HEADERS, 'content-type': 'application/json' }
    const response = await failing.inject({ method: 'POST', url: '/desk/api/sign-in', headers, payload: { person: 'anna', passphrase: 'x' } })
    expect(Problem.parse(response.json())).toMatchObject({ status: 500, code: 'house_failed', correlationId: expect.stringMatching(/^cor-/) })
    expect(response.body).not.toContain('does not exist')
    await failing.close()
  })
})

describe('a refusal', () => {
  const LONG_AGO = CONFIRMED_SECONDS + 1
  const CASES: readonly (readonly [what: string, call: CallName, id: string, body: object, code: string, seconds: number])[] = [
    ['a decision without a fresh confirmation', 'decideChange', 'chg-7k2m', APPROVAL, 'confirmation_needed', LONG_AGO],
    ['a code for a device without a fresh confirmation', 'inviteDevice', '', {}, 'confirmation_needed', LONG_AGO],
    ['a draft without a fresh confirmation', 'showDraft', 'drf-5c1p', {}, 'confirmation_needed', LONG_AGO],
    ["another's draft", 'showDraft', 'drf-5c1p', {}, 'not_found', 0],
    ['a wrong link code', 'link', 'WRNG-CODE', {}, 'code_unknown', 0],
    ['a session by a wrong link code', 'grantSession', 'WRNG-CODE', { useCase: 'customer-care' }, 'code_unknown', 0],
    ['a session that is not there', 'revokeSession', 'ses-none', { why: 'left open' }, 'not_found', 0],
    ["another's device", 'revokeDevice', 'd-anna', { why: 'left open' }, 'not_found', 0],
    ['an unknown refusal', 'refusal', 'cor-none', {}, 'not_found', 0],
    ['an answer to no request', 'answerRequest', 'acr-none', { answer: 'not today' }, 'not_found', 0],
  ]
  it.each(CASES)('of %s is one entry with who, what and why, and nothing happens', async (_what, call, id, body, code, seconds) => {
    const cookie = await erik()
    house.pass(seconds)
    const acts = house.acts.length
    const { response, code: got } = await send(CALLS[call].method, CALLS[call].path.replace(':id', id), { cookie, body })
    expect(got).toBe(code)
    expect(house.acts.length).toBe(acts)
    const { correlationId } = Problem.parse(response.json())
    expect(refused()).toEqual([{ kind: 'console.refused', outcome: code, person: 'erik', correlation: correlationId, detail: { call } }])
  })

  it('that a port recorded itself is not recorded again', async () => {
    const cookie = await erik()
    expect((await send('POST', '/desk/api/confirm', { cookie, body: { passphrase: 'no' } })).code).toBe('sign_in_failed')
    expect((await send('POST', '/desk/api/sign-in', { body: { person: 'anna', passphrase: 'no' } })).code).toBe('sign_in_failed')
    expect((await send('POST', '/desk/api/changes/chg-b3rt/decide', { cookie, body: { ...APPROVAL, digest: 'Hh4nW9eL2' } })).code).toBe('own_change')
    await house.tell()
    expect(refused().map(({ kind }) => kind)).toEqual(['person.confirmed', 'person.sign_in_refused', 'change.refused'])
  })

  it('of a page to a foreign host, or a code nobody was given, is counted and not told one by one', async () => {
    for (let time = 0; time < 20; time++) {
      await send('GET', '/', { headers: { host: 'rebound.example' } })
      await send('POST', '/desk/api/passphrase', { body: { code: 'welcome-guessed', passphrase: 'twelve chars long' } })
    }
    expect(refused()).toEqual([])
    await house.tell()
    const counted = (outcome: string) => ({ kind: 'console.refused', outcome, detail: { counts: { '127.0.0.1': 20 } } })
    expect(refused()).toEqual([counted('origin_foreign'), counted('code_unknown')])
    await house.tell()
    expect(refused().length).toBe(2)
  })

  it('stays a refusal when the journal cannot be written, and nothing happens', async () => {
    const cookie = await erik()
    const acts = house.acts.length
    house.breakJournal()
    expect((await send('POST', '/desk/api/changes/chg-7k2m/decide', { cookie, body: { ...APPROVAL, approver: 'anna' } })).code).toBe('malformed_request')
    house.pass(LONG_AGO)
    expect((await send('POST', '/desk/api/changes/chg-7k2m/decide', { cookie, body: APPROVAL })).code).toBe('confirmation_needed')
    expect([house.acts.length, refused()]).toEqual([acts, []])
  })
})

describe('deciding a change', () => {
  it("lets an approver decide another's, for the version seen, once", async () => {
    const cookie = await erik()
    const url = '/desk/api/changes/chg-7k2m/decide'
    expect((await send('POST', url, { cookie, body: { ...APPROVAL, digest: 'other' } })).code).toBe('change_moved')
    expect(CALLS.decideChange.answer.parse((await send('POST', url, { cookie, body: APPROVAL })).response.json())).toMatchObject({ state: 'approved' })
    expect((await send('POST', url, { cookie, body: APPROVAL })).code).toBe('change_not_waiting')
    expect(house.acts.filter((act) => act.startsWith('approve'))).toEqual(['approve chg-7k2m'])
  })

  it('refuses their own, and refuses whoever is no approver, with rule-like sentences', async () => {
    expect((await send('POST', '/desk/api/changes/chg-b3rt/decide', { cookie: await erik(), body: { ...APPROVAL, digest: 'Hh4nW9eL2' } })).code).toBe(
      'own_change',
    )
    expect((await send('POST', '/desk/api/changes/chg-7k2m/decide', { cookie: await anna(), body: APPROVAL })).code).toBe('own_change')
    expect(house.acts.some((act) => act.startsWith('approve'))).toBe(false)
  })

  it("shows others only their own agents' changes", async () => {
    const { response } = await send('GET', '/desk/api/changes', { cookie: await anna() })
    expect(CALLS.changes.answer.parse(response.json()).waiting.map(({ personName }) => personName)).toEqual(['Anna Berg', 'Anna Berg'])
    expect(response.body).not.toContain('"person"')
  })
})

describe('presence', () => {
  it.each([
    [CONFIRMED_SECONDS - 1, null],
    [CONFIRMED_SECONDS, 'confirmation_needed'],
  ])('%i s after the passphrase a draft in clear is answered with %s', async (seconds, code) => {
    const cookie = await anna()
    house.pass(seconds)
    const { code: got } = await send('POST', '/desk/api/drafts/drf-5c1p/show', { cookie })
    expect(got).toBe(code)
    expect(house.acts.includes('shown drf-5c1p')).toBe(code === null)
  })

  it('comes back with the passphrase, and not with a wrong one', async () => {
    const cookie = await anna()
    house.pass(CONFIRMED_SECONDS)
    expect((await send('POST', '/desk/api/confirm', { cookie, body: { passphrase: 'no' } })).code).toBe('sign_in_failed')
    expect((await send('POST', '/desk/api/links/BKDM-7QRT/grant', { cookie, body: { useCase: 'customer-care' } })).code).toBe('confirmation_needed')
    await send('POST', '/desk/api/confirm', { cookie, body: { passphrase: 'correct horse battery' } })
    expect((await send('POST', '/desk/api/links/BKDM-7QRT/grant', { cookie, body: { useCase: 'customer-care' } })).code).toBeNull()
    expect(CALLS.showDraft.answer.parse((await send('POST', '/desk/api/drafts/drf-5c1p/show', { cookie })).response.json()).lines).toContain('Ingrid Solheim')
  })

  it('typed once is good for every decision of the next minutes', async () => {
    const cookie = await erik()
    const decide = (id: string, digest: string, version: number) =>
      send('POST', `/desk/api/changes/${id}/decide`, { cookie, body: { ...APPROVAL, decision: 'reject', digest, version } })
    house.pass(CONFIRMED_SECONDS)
    expect((await decide('chg-7k2m', 'q1YvB0mN3', 1)).code).toBe('confirmation_needed')
    await send('POST', '/desk/api/confirm', { cookie, body: { passphrase: 'staple gun and twine' } })
    house.pass(CONFIRMED_SECONDS - 1)
    expect((await decide('chg-7k2m', 'q1YvB0mN3', 1)).code).toBeNull()
    expect((await decide('chg-9w4x', 'Zk8sT2pQ7', 2)).code).toBeNull()
    expect(house.acts.filter((act) => act.startsWith('reject'))).toEqual(['reject chg-7k2m', 'reject chg-9w4x'])
  })

  it('is not needed to say no to an agent', async () => {
    const cookie = await anna()
    house.pass(3600)
    expect((await send('POST', '/desk/api/links/BKDM-7QRT/deny', { cookie })).code).toBeNull()
    expect(house.acts).toContain('link denied')
  })
})

describe('the journal', () => {
  it('comes newest first, as sentences with names, with its size, root and checkpoint', async () => {
    const { response } = await send('GET', '/desk/api/journal?limit=50', { cookie: await anna() })
    const journal = CALLS.journal.answer.parse(response.json())
    expect(journal.lines.map(({ index }) => index)).toEqual([7, 6, 5, 4, 3, 2, 1, 0])
    expect(journal.lines[0]?.text).toBe('Anna Berg signed in to the console')
    expect(journal.lines[4]?.text).toBe("Anna Berg's agent Claude Desktop asked getShipmentSummary: answered, 1 row, 3 fields covered")
    expect(journal).toMatchObject({ size: 8, checkpoint: { size: 8, root: journal.root } })
  })

  it('comes in parts, each within the cap', async () => {
    const cookie = await anna()
    const part = CALLS.journal.answer.parse((await send('GET', '/desk/api/journal?from=2&limit=3', { cookie })).response.json())
    expect(part.lines.map(({ index }) => index)).toEqual([4, 3, 2])
    expect((await send('GET', '/desk/api/journal?limit=-1', { cookie })).code).toBe('malformed_request')
  })
})

describe('the page', () => {
  it('stands at each of its paths under a policy that lets nothing inline run, with a new nonce each time', async () => {
    const nonces = new Set<string>()
    for (const path of PAGES) {
      const { response } = await send('GET', path.replace(':id', 'x-1'), { headers: { origin: undefined, 'sec-fetch-site': 'cross-site' } })
      expect([path, response.statusCode]).toEqual([path, 200])
      const policy = String(response.headers['content-security-policy'])
      const nonce = /style-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1] ?? ''
      expect(policy).toContain("default-src 'none'; script-src 'self';")
      expect(response.body).toContain(`content="${nonce}"`)
      nonces.add(nonce)
    }
    expect(nonces.size).toBe(PAGES.length)
  })

  it('is not served to another host', async () => {
    expect((await send('GET', '/', { headers: { host: 'rebound.example' } })).code).toBe('origin_foreign')
    expect((await app.inject({ url: '/desk/assets/a.js', headers: HEADERS })).headers['cache-control']).toContain('immutable')
  })

  it.each<['GET' | 'POST', string, Sent]>([
    ['GET', '/v1/operations', {}],
    ['GET', '/changes/', {}],
    ['GET', '/desk/assets/b.js', {}],
    ['GET', '/desk/assets/../../index.html', {}],
    ['GET', '/desk/api/secrets', {}],
    ['POST', '/desk/api/me', {}],
    ['POST', '/nowhere', { body: '{' }],
  ])('is not at %s %s: a problem under the same headers, recorded for who is signed in and counted for who is not', async (method, path, sent) => {
    const code = sent.body === undefined ? 'no_such_address' : 'malformed_request'
    for (const cookie of [undefined, await anna()]) {
      const { response } = await send(method, path, { ...sent, ...(cookie !== undefined && { cookie }) })
      expect(Problem.parse(response.json())).toMatchObject({ code, type: `urn:gatehouse:refusal:${code}`, next: nextStepOf(code) })
      expect([response.statusCode, response.headers['cache-control'], response.headers['content-security-policy']]).toEqual([
        statusOf(code),
        'no-store',
        "default-src 'none'; frame-ancestors 'none'",
      ])
    }
    await house.tell()
    expect(refused()).toEqual([
      { kind: 'console.refused', outcome: code, person: 'anna', correlation: expect.stringMatching(/^cor-/), detail: { call: null } },
      { kind: 'console.refused', outcome: code, detail: { counts: { '127.0.0.1': 1 } } },
    ])
  })

  it('is a fault at start when it is not built', async () => {
    const bare = fastify()
    await expect(deskRoutes(bare, { ...house, folder: join(folder, 'none') })).rejects.toMatchObject({ name: 'Fault', code: 'console_missing' })
  })
})
