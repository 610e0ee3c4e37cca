import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { RUNTIME } from '../../src/bin/runtime.ts'
import { nextStepOf, type RefusalCode, statusOf, titleOf } from '../../src/model/refusal.ts'
import { type HouseJournal, houseJournal } from '../support/entries.ts'
import { described, operationsIn } from '../support/openapi.ts'
import { PACK } from '../support/pack.ts'
import { type PilotHouse, startPilot } from '../support/pilot.ts'
import { openProvenSession, type ProvenSession } from '../support/session.ts'
import { asSuperuser, withoutEffect } from '../support/standing.ts'
import { say, strangerAt } from '../support/stranger.ts'

const READ = '/v1/operations/getShipmentSummary'
const JSON_TYPE = { 'content-type': 'application/json' }
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' }
const BODY = JSON.stringify({ shipmentId: 'S-100042' })
const POSTURE = JSON.stringify({ platform: 'linux', osVersion: '6.12', diskEncrypted: true, firewallOn: true })
const REQUEST = new URLSearchParams({ client_id: 'd-1', agent_name: 'agent', agent_version: '1', posture: POSTURE }).toString()

let pilot: PilotHouse
let anna: ProvenSession
/** Another session of the same person, on another device. */
let other: ProvenSession
let journal: HouseJournal
let gate: string

beforeAll(async () => {
  pilot = await startPilot()
  gate = pilot.raise.gateUrl
  anna = await openProvenSession(pilot)
  other = await openProvenSession(pilot, 'customer-inquiry', await freshCode())
  for (const session of [anna, other]) await session.ask('GET', '/v1/operations')
  journal = houseJournal(pilot.raise.house)
})
afterAll(async () => {
  await journal.close()
  await pilot.close()
})

async function freshCode(): Promise<string> {
  return String((await (await pilot.employee()).call('inviteDevice')).body['code'])
}

type Case = {
  readonly what: string
  readonly code: RefusalCode
  readonly detail: string
  readonly headers: (path: string) => Record<string, string>
  readonly error?: string
}

const CASES: readonly Case[] = [
  { what: 'no token at all', code: 'token_missing', detail: 'there is no Authorization header', headers: () => ({}) },
  {
    what: 'a token as a bearer token, which anyone could carry off',
    code: 'token_missing',
    detail: 'the Authorization header holds no token of the DPoP scheme',
    headers: (path) => ({ ...anna.headers('POST', path), authorization: `Bearer ${anna.accessToken}` }),
  },
  {
    what: 'a token that was never given',
    code: 'token_unknown',
    detail: 'no session has this access token',
    headers: (path) => anna.headers('POST', path, { token: `ga_${randomBytes(32).toString('base64url')}` }),
    error: 'invalid_token',
  },
  {
    what: 'a token without a proof',
    code: 'proof_missing',
    detail: 'there is no DPoP header',
    headers: () => ({ authorization: `DPoP ${anna.accessToken}` }),
    error: 'invalid_dpop_proof',
  },
  {
    what: "another device's token with a proof by its own key",
    code: 'token_foreign',
    detail: 'the proof is by another key than the session',
    headers: (path) => other.headers('POST', path, { token: anna.accessToken }),
    error: 'invalid_token',
  },
  {
    what: 'a proof for another token',
    code: 'proof_invalid',
    detail: 'the proof is not for this access token',
    headers: (path) => ({ ...anna.headers('POST', path, { token: other.accessToken }), authorization: `DPoP ${anna.accessToken}` }),
    error: 'invalid_dpop_proof',
  },
  {
    what: 'a proof for another URL',
    code: 'proof_url_mismatch',
    detail: 'the proof was made for another method or URL',
    headers: (path) => anna.headers('POST', path, { url: `${gate}/v1/operations/findShipments` }),
    error: 'invalid_dpop_proof',
  },
  {
    what: 'a proof for another method',
    code: 'proof_url_mismatch',
    detail: 'the proof was made for another method or URL',
    headers: (path) => anna.headers('GET', path),
    error: 'invalid_dpop_proof',
  },
  {
    what: 'a proof from ten minutes ago',
    code: 'proof_expired',
    detail: "the proof's time is more than 300 seconds from ours",
    headers: (path) => anna.headers('POST', path, { clock: () => Date.now() - 600_000 }),
    error: 'invalid_dpop_proof',
  },
  {
    what: 'a proof without a nonce',
    code: 'proof_nonce_required',
    detail: 'the proof has no nonce',
    headers: (path) => anna.headers('POST', path, { nonce: null }),
    error: 'use_dpop_nonce',
  },
  {
    what: 'a proof with a nonce of another process or another time',
    code: 'proof_nonce_required',
    detail: 'the nonce is not ours or too old',
    headers: (path) => anna.headers('POST', path, { nonce: randomBytes(16).toString('base64url') }),
    error: 'use_dpop_nonce',
  },
]

describe.each(CASES)('$what', ({ code, detail, headers, error }) => {
  it.each([READ, '/mcp'])(`is ${code} at %s, challenged, recorded, and nothing else happens`, async (path) => {
    const size = await journal.size()
    const answer = await withoutEffect(pilot.raise, () => say(gate, { path, headers: { ...JSON_TYPE, ...headers(path) }, body: BODY }))
    const { correlationId } = answer.body
    expect(answer.status).toBe(401)
    expect(answer.body).toEqual({
      type: `urn:gatehouse:refusal:${code}`,
      title: titleOf(code),
      status: statusOf(code),
      detail,
      code,
      correlationId,
      next: nextStepOf(code),
    })
    const challenge = String(answer.headers['www-authenticate'])
    expect(challenge).toMatch(
      error === undefined ? /^DPoP algs="ES256", resource_metadata=/ : new RegExp(`^DPoP error="${error}", error_description="${titleOf(code)}", algs="ES256"`),
    )
    const entries = await journal.about(String(correlationId), size)
    expect(entries).toMatchObject([{ kind: 'ask.refused', outcome: code }])
    expect(JSON.stringify(entries)).not.toContain(anna.accessToken)
  })
})

it('refuses a proof the second time, over REST and MCP, and the first time only was an ask', async () => {
  for (const path of [READ, '/mcp']) {
    const headers = { ...JSON_TYPE, ...anna.headers('POST', path) }
    expect((await say(gate, { path, headers, body: BODY })).status).not.toBe(401)
    const size = await journal.size()
    const again = await withoutEffect(pilot.raise, () => say(gate, { path, headers, body: BODY }))
    expect(again.body).toMatchObject({ code: 'proof_replayed', detail: 'this proof was used before', status: 401 })
    expect(await journal.since(size)).toMatchObject([{ kind: 'ask.refused', outcome: 'proof_replayed', correlation: again.body['correlationId'] }])
  }
})

it('answers one of twenty that carry the same proof at once', async () => {
  const headers = { ...JSON_TYPE, ...anna.headers('POST', READ) }
  const answers = await Promise.all(Array.from({ length: 20 }, () => say(gate, { path: READ, headers, body: BODY })))
  expect(answers.filter(({ body }) => body['code'] === 'proof_replayed')).toHaveLength(19)
})

it.each([
  {
    what: 'a token past its five minutes',
    code: 'token_expired',
    detail: 'the access token has expired',
    table: 'access_token',
    column: 'expires_at',
    key: 'session',
  },
  { what: 'a session past its hour', code: 'session_ended', detail: 'the session reached its end', table: 'session', column: 'ends_at', key: 'id' },
])('refuses $what as $code, over REST and MCP', async ({ code, detail, table, column, key }) => {
  const old = await openProvenSession(pilot, 'customer-inquiry', await freshCode())
  await asSuperuser(pilot.raise, 'gatehouse', (client) =>
    client.query(`update ${table} set ${column} = now() - interval '1 second' where ${key} = $1`, [old.id]),
  )
  for (const path of [READ, '/mcp']) {
    const answer = await withoutEffect(pilot.raise, () => old.ask('POST', path, { shipmentId: 'S-100042' }))
    const body = (await answer.json()) as { readonly correlationId: string }
    expect(body).toMatchObject({ status: 401, code, detail })
    expect(await journal.about(body.correlationId)).toMatchObject([{ kind: 'ask.refused', outcome: code }])
  }
})

describe('the description at /openapi.json', () => {
  const ALL = Object.values(PACK.catalogue.operations)
  const PATH = '/openapi.json'

  it('is of every operation for an enrolled device that has no session yet', async () => {
    const answer = await say(gate, { method: 'GET', path: PATH, headers: anna.headers('GET', PATH, { token: null }) })
    const description = await described(answer.body)
    expect(answer.status).toBe(200)
    expect(operationsIn(description)).toEqual(ALL.map(({ name }) => name))
    expect(description.servers).toEqual([{ url: gate }])
  })

  it('is of what a session is offered, and of no more', async () => {
    const exceptions = await openProvenSession(pilot, 'exception-desk', await freshCode())
    const shown = async (by: ProvenSession) => operationsIn(await described(z.record(z.string(), z.unknown()).parse(await (await by.ask('GET', PATH)).json())))
    expect(await shown(exceptions)).toEqual(ALL.filter(({ kind }) => kind !== 'draft').map(({ name }) => name))
    expect(await shown(anna)).toEqual(ALL.map(({ name }) => name))
  })

  it.each([
    { what: 'who shows nothing', code: 'proof_missing', headers: () => ({}) },
    { what: 'a proof for another address', code: 'proof_url_mismatch', headers: () => anna.headers('GET', '/v1/operations', { token: null }) },
    {
      what: 'a token that was never given',
      code: 'token_unknown',
      headers: () => anna.headers('GET', PATH, { token: `ga_${randomBytes(32).toString('base64url')}` }),
    },
  ])('is not for $what', async ({ code, headers }) => {
    const answer = await withoutEffect(pilot.raise, () => say(gate, { method: 'GET', path: PATH, headers: headers() }))
    expect(answer.body).toMatchObject({ status: 401, code })
    expect(await journal.about(String(answer.body['correlationId']))).toMatchObject([{ kind: 'ask.refused', outcome: code }])
    expect(answer.text).not.toContain('getShipmentSummary')
  })
})

describe('a key that nobody enrolled', () => {
  it.each(['/v1/operations', '/openapi.json'])('is device_unknown where the offer is asked for at %s, with its own valid proof', async (path) => {
    const { dpop } = strangerAt(gate)
    const headers = { dpop: await dpop('GET', path) }
    const answer = await withoutEffect(pilot.raise, () => say(gate, { method: 'GET', path, headers }))
    expect(answer.status).toBe(401)
    expect(answer.text).not.toContain('getShipmentSummary')
    expect(answer.body).toMatchObject({
      code: 'device_unknown',
      detail: 'this key belongs to no enrolled device',
      next: 'enrol it with a code from the console',
    })
    expect(await journal.about(String(answer.body['correlationId']))).toMatchObject([{ kind: 'ask.refused', outcome: 'device_unknown' }])
  })

  it('is device_unknown where a session is asked for, and no request waits for anybody', async () => {
    const { dpop, jkt } = strangerAt(gate)
    const path = '/oauth/device_authorization'
    const headers = { ...FORM_TYPE, dpop: await dpop('POST', path) }
    const answer = await withoutEffect(pilot.raise, () => say(gate, { path, headers, body: REQUEST }))
    expect(answer.status).toBe(401)
    expect(answer.body).toMatchObject({
      error: 'invalid_client',
      error_description: 'Device not enrolled: no device is enrolled with this key',
      code: 'device_unknown',
    })
    expect(await journal.about(String(answer.body['correlationId']))).toMatchObject([{ kind: 'session.refused', outcome: 'device_unknown', detail: { jkt } }])
  })

  it('is not enrolled by a code it makes up', async () => {
    const { dpop, jwk } = strangerAt(gate)
    const headers = { ...JSON_TYPE, dpop: await dpop('POST', '/enrol') }
    const body = JSON.stringify({ code: 'AAAA-BBBB-CCCC-DDDD', jwk, name: 'mine', platform: 'linux' })
    const answer = await withoutEffect(pilot.raise, () => say(gate, { path: '/enrol', headers, body }))
    expect(answer.body).toMatchObject({ status: 400, code: 'code_unknown', detail: 'this code is unknown, used or expired' })
    expect(await journal.about(String(answer.body['correlationId']))).toMatchObject([{ kind: 'device.enrol_refused', outcome: 'code_unknown' }])
  })

  it.each([
    { what: 'malformed', headers: JSON_TYPE, body: '{', code: 'malformed_request', error: 'invalid_request' },
    { what: 'JSON where a form belongs', headers: JSON_TYPE, body: '{}', code: 'malformed_request', error: 'invalid_request' },
    { what: 'a parameter twice', headers: FORM_TYPE, body: `${REQUEST}&client_id=d-2`, code: 'malformed_request', error: 'invalid_request' },
    { what: 'an extra parameter', headers: FORM_TYPE, body: `${REQUEST}&scope=everything`, code: 'malformed_request', error: 'invalid_request' },
    { what: 'too large', headers: FORM_TYPE, body: `${REQUEST}&agent_name=${'a'.repeat(9000)}`, code: 'payload_too_large', error: 'invalid_request' },
  ])("is told $code in OAuth's own words for a request that is $what", async ({ headers, body, code, error }) => {
    const { dpop } = strangerAt(gate)
    const path = '/oauth/device_authorization'
    const proof = { dpop: await dpop('POST', path) }
    const answer = await withoutEffect(pilot.raise, () => say(gate, { path, headers: { ...headers, ...proof }, body }))
    expect(answer.body).toMatchObject({ code, error })
    expect(await journal.about(String(answer.body['correlationId']))).toMatchObject([{ outcome: code }])
  })
})

describe('a session revoked at the console', () => {
  it('is refused at its very next ask, over REST and MCP, while the same person goes on in another', async () => {
    const employee = await pilot.employee()
    const { person } = (await employee.call('me')).body
    expect((await other.ask('GET', '/v1/operations')).status).toBe(200)
    const size = await journal.size()
    expect(await employee.call('revokeSession', { why: 'lost laptop' }, other.id)).toEqual({ status: 200, body: {} })
    for (const path of [READ, '/mcp']) {
      const answer = await withoutEffect(pilot.raise, () => other.ask('POST', path, { shipmentId: 'S-100042' }))
      expect(await answer.json()).toMatchObject({
        status: 401,
        code: 'session_revoked',
        detail: 'this session was revoked',
        next: 'sign in again, or ask who revoked it',
      })
    }
    expect(await journal.since(size)).toMatchObject([
      { kind: 'session.revoked', outcome: 'done', session: other.id, person, detail: { by: person, payload: { alg: 'A256GCM' } } },
      { kind: 'ask.refused', outcome: 'session_revoked' },
      { kind: 'ask.refused', outcome: 'session_revoked' },
    ])
    expect((await anna.ask('GET', '/v1/operations')).status).toBe(200)
  })
})

it.skipIf(!existsSync('/proc/self/environ'))(
  'is asked of a gate that runs with the threads and the heap it was measured with (skipped aloud where there is no /proc)',
  () => {
    const of = (what: string) => readFileSync(`/proc/${pilot.raise.house.pids['gate'] ?? 0}/${what}`, 'utf8').split('\0')
    expect(of('cmdline')).toEqual(expect.arrayContaining([...RUNTIME.gate.flags]))
    expect(of('environ')).toEqual(expect.arrayContaining(Object.entries(RUNTIME.gate.env).map(([name, value]) => `${name}=${value}`)))
  },
)
