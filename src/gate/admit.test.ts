import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, type Lobby, newDevice, openLobby, type TestDevice } from '../../test/support/lobby.ts'
import { enrolledDevice, openedSession, POSTURE, poll, type Requested, renew, request, revoke, signedIn } from '../../test/support/visitor.ts'
import { OAuthError } from '../contract/connector.ts'
import { confirm, type SignedIn } from '../identity/sign-in.ts'
import type { Rule } from '../model/refusal.ts'
import { decideSession } from './admit.ts'
import { revokeDevice, revokeSession } from './revoke.ts'

let lobby: Lobby
let device: TestDevice & { readonly id: string }
let anna: SignedIn
let requested: Requested

const grant = (who: SignedIn, userCode: string, useCase: string | null = 'inquiries') =>
  decideSession(lobby.admission, who, { userCode, useCase, correlation: 'test' })
const count = async (table: string): Promise<number> => (await lobby.pool.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]?.n ?? -1
const last = () => lobby.entries.at(-1)
const assign = (groups: readonly string[]) => lobby.people.put({ id: 'p-anna', name: 'p-anna', groups })
const INQUIRIES = { id: 'use-case-assignment', owner: 'Head of Service', reason: 'use case `inquiries` is assigned to people of desk' }
const RETURNS = { id: 'use-case-assignment', owner: 'Head of Returns', reason: 'use case `returns` is assigned to people of returns' }
const notAssigned = (useCase: string, { id, owner, reason }: Rule) => ({
  kind: 'session.refused',
  outcome: 'use_case_not_assigned',
  person: 'p-anna',
  device: device.id,
  detail: { useCase, rule: id, owner, reason },
})
const later = (ms: number): void => void (lobby.time.now += ms)

beforeAll(async () => {
  lobby = await openLobby()
})
afterAll(() => lobby.close())
beforeEach(async () => {
  lobby.journal.down = false
  device = await enrolledDevice(lobby, 'p-anna')
  anna = await signedIn(lobby, 'p-anna')
  requested = await request(device)
})

describe('a session', () => {
  it('is asked for, granted, opened once, and recorded with posture and key before the token is given', async () => {
    expect(last()).toMatchObject({
      kind: 'session.requested',
      person: 'p-anna',
      device: device.id,
      detail: { agent: { assurance: 'declared' }, posture: { ...POSTURE, assurance: 'self' } },
    })
    expect(codeOf(await poll(device, requested))).toBe('authorization_pending')
    expect(await grant(anna, requested.user_code)).toMatchObject({ ok: true })
    expect(last()).toMatchObject({ kind: 'session.decided', person: 'p-anna', detail: { granted: true, useCase: 'inquiries' } })

    later(2000)
    const opened = await poll(device, requested)
    expect(opened.json()).toMatchObject({ token_type: 'DPoP', expires_in: 300, session_expires_in: 3600, use_case: 'inquiries', person: 'p-anna' })
    const { session, access_token: token } = opened.json()
    expect(last()).toMatchObject({
      kind: 'session.admitted',
      session,
      detail: { jkt: device.jkt, accounts: 2, posture: { assurance: 'self' } },
    })
    expect(JSON.stringify(lobby.entries)).not.toContain(token)
    expect((await device.ask(token)).json()).toEqual({ session })

    later(2000)
    expect(codeOf(await poll(device, requested))).toBe('code_unknown')
  })

  it('is opened exactly once when many polls come at the same moment', async () => {
    await grant(anna, requested.user_code)
    const before = await count('session')
    const codes = (await Promise.all(Array.from({ length: 12 }, () => poll(device, requested)))).map(codeOf)
    expect(codes.filter((code) => code === 'ok')).toHaveLength(1)
    expect(await count('session')).toBe(before + 1)
  })

  it('comes to nothing when the person says no, and a no needs no fresh confirmation', async () => {
    later(301_000)
    expect(await grant(anna, requested.user_code, null)).toMatchObject({ ok: true })
    const before = await count('session')
    expect(codeOf(await poll(device, requested))).toBe('access_denied')
    expect(last()).toMatchObject({ kind: 'session.refused', outcome: 'access_denied' })
    expect(await count('session')).toBe(before)
  })

  it.each([
    ['1499 ms after the last', 1499, 'slow_down'],
    ['1500 ms after the last', 1500, 'authorization_pending'],
  ])('answers a poll %s with %s, and records neither', async (_, ms, code) => {
    await poll(device, requested)
    const before = lobby.entries.length
    later(ms)
    expect(codeOf(await poll(device, requested))).toBe(code)
    expect(lobby.entries).toHaveLength(before)
  })

  it.each([
    ['a ms before ten minutes', 599_999, 'ok'],
    ['after ten minutes', 600_000, 'code_unknown'],
  ])('can be opened until its codes expire: %s', async (_, ms, code) => {
    await grant(anna, requested.user_code)
    later(ms)
    expect(codeOf(await poll(device, requested))).toBe(code)
  })

  it('is granted only by somebody who confirmed within five minutes', async () => {
    later(300_000)
    expect(await grant(anna, requested.user_code)).toMatchObject({ ok: false, refusal: { code: 'confirmation_needed' } })
    expect(last()).toMatchObject({ kind: 'session.refused', outcome: 'confirmation_needed', person: 'p-anna' })
    expect(codeOf(await poll(device, requested))).toBe('authorization_pending')
    const again = await confirm(lobby.desk, anna, 'correct horse battery staple', 'test')
    expect(again.ok && (await grant(again.value, requested.user_code)).ok).toBe(true)
  })

  it('is granted once: a second decision changes nothing', async () => {
    expect((await grant(anna, requested.user_code, null)).ok).toBe(true)
    expect(await grant(anna, requested.user_code)).toMatchObject({ ok: false, refusal: { code: 'code_unknown' } })
    expect(codeOf(await poll(device, requested))).toBe('access_denied')
  })

  it('is only for a use case assigned to the person, when granted and still when opened', async () => {
    expect(await grant(anna, requested.user_code, 'returns')).toMatchObject({ ok: false, refusal: { code: 'use_case_not_assigned', rule: RETURNS } })
    expect(last()).toMatchObject(notAssigned('returns', RETURNS))
    expect((await grant(anna, requested.user_code)).ok).toBe(true)
    const before = await count('session')
    await assign([])
    const refused = await poll(device, requested)
    await assign(['desk'])
    const { code, correlationId, rule, requestAccess } = OAuthError.parse(refused.json())
    expect({ code, rule, requestAccess }).toEqual({
      code: 'use_case_not_assigned',
      rule: INQUIRIES,
      requestAccess: `https://desk.example/refusals/${correlationId}`,
    })
    expect(lobby.entries).toContainEqual(expect.objectContaining({ ...notAssigned('inquiries', INQUIRIES), correlation: correlationId }))
    expect(await count('session')).toBe(before)
  })

  it('is for no use case that nobody has: nobody is named to ask for it, and what was typed is not kept', async () => {
    expect(await grant(anna, requested.user_code, 'CANARY')).toEqual({
      ok: false,
      refusal: { code: 'use_case_not_assigned', detail: 'this use case is not among those assigned to you' },
    })
    expect(last()).toMatchObject({ kind: 'session.refused', outcome: 'use_case_not_assigned', person: 'p-anna' })
    expect(JSON.stringify(last())).not.toContain('CANARY')
  })

  it('is never opened while the journal is down, and can be once it is back', async () => {
    await grant(anna, requested.user_code)
    const before = [await count('session'), await count('access_token')]
    lobby.journal.down = true
    expect(codeOf(await poll(device, requested))).toBe('journal_unavailable')
    expect([await count('session'), await count('access_token')]).toEqual(before)
    lobby.journal.down = false
    later(2000)
    expect(codeOf(await poll(device, requested))).toBe('ok')
  })

  it('is neither requested nor decided while the journal is down', async () => {
    const before = await count('session_request')
    lobby.journal.down = true
    await expect(request(device)).rejects.toThrow('journal_unavailable')
    expect(await grant(anna, requested.user_code)).toMatchObject({ ok: false, refusal: { code: 'journal_unavailable' } })
    lobby.journal.down = false
    expect(await count('session_request')).toBe(before)
    expect(codeOf(await poll(device, requested))).toBe('authorization_pending')
  })

  it('is refused to a device that is not enrolled, and to one that was revoked, and both are recorded', async () => {
    await expect(request(newDevice(lobby))).rejects.toThrow('device_unknown')
    expect(last()).toMatchObject({ kind: 'session.refused', outcome: 'device_unknown' })
    await revokeDevice({ ...lobby.revoking, devices: lobby.devices }, { device: device.id, by: 'p-ben', why: 'lost', correlation: 'test' })
    await expect(request(device)).rejects.toThrow('device_revoked')
    expect(codeOf(await poll(device, requested))).toBe('device_revoked')
  })
})

describe('a token', () => {
  it('lasts five minutes to the millisecond, and is renewed with the same key for as long as the session', async () => {
    const opened = await openedSession(lobby, device, anna)
    later(299_999)
    expect(codeOf(await device.ask(opened.access_token))).toBe('ok')
    later(1)
    expect(codeOf(await device.ask(opened.access_token))).toBe('token_expired')

    later(3_100_000)
    const renewed = await renew(device, opened)
    expect(renewed.json()).toMatchObject({ session: opened.session, refresh_token: opened.refresh_token, expires_in: 200, session_expires_in: 200 })
    expect(last()).toMatchObject({ kind: 'session.renewed', session: opened.session })
    later(199_999)
    expect(codeOf(await device.ask(renewed.json().access_token))).toBe('ok')
    later(1)
    expect(codeOf(await device.ask(renewed.json().access_token))).toBe('session_ended')
    expect(codeOf(await renew(device, opened))).toBe('session_ended')
  })

  it('is not renewed once the use case is taken from its person', async () => {
    const opened = await openedSession(lobby, device, anna)
    const before = await count('access_token')
    await assign([])
    const refused = await renew(device, opened)
    await assign(['desk'])
    expect(OAuthError.parse(refused.json())).toMatchObject({ error: 'access_denied', code: 'use_case_not_assigned', rule: INQUIRIES })
    const { owner, reason } = INQUIRIES
    expect(lobby.entries.filter(({ session }) => session === opened.session).at(-1)).toMatchObject({
      kind: 'session.refused',
      outcome: 'use_case_not_assigned',
      detail: { rule: 'use-case-assignment', owner, reason },
    })
    expect(await count('access_token')).toBe(before)
    expect(codeOf(await renew(device, opened))).toBe('ok')
  })

  it('is not renewed while the journal is down', async () => {
    const opened = await openedSession(lobby, device, anna)
    const before = await count('access_token')
    lobby.journal.down = true
    expect(codeOf(await renew(device, opened))).toBe('journal_unavailable')
    expect(await count('access_token')).toBe(before)
  })
})

describe('revoking', () => {
  it('ends a session at once, here and at a gate that has never heard of it, voids its changes and is recorded', async () => {
    const opened = await openedSession(lobby, device, anna)
    expect(codeOf(await device.ask(opened.access_token))).toBe('ok')
    const ended = await revokeSession(lobby.revoking, { session: opened.session, by: 'p-ben', why: 'odd questions', correlation: 'test' })
    expect(ended.ok).toBe(true)
    expect(last()).toMatchObject({ kind: 'session.revoked', session: opened.session, person: 'p-anna', detail: { by: 'p-ben', why: 'odd questions' } })
    expect(lobby.voided).toContain(opened.session)
    const before = lobby.asked.count
    expect(codeOf(await device.ask(opened.access_token))).toBe('session_revoked')
    expect(lobby.asked.count).toBe(before)
    expect(codeOf(await renew(device, opened))).toBe('session_revoked')
    const elsewhere = await lobby.authenticateElsewhere({
      authorization: `DPoP ${opened.access_token}`,
      dpop: undefined,
      method: 'POST',
      url: 'https://gate.example/x',
    })
    expect(elsewhere).toMatchObject({ ok: false, refusal: { code: 'session_revoked' } })
  })

  it('holds even while the journal is down, and says that the entry is missing', async () => {
    const opened = await openedSession(lobby, device, anna)
    lobby.journal.down = true
    expect(await revokeSession(lobby.revoking, { session: opened.session, by: 'p-ben', why: 'x', correlation: 'test' })).toMatchObject({
      ok: false,
      refusal: { code: 'journal_unavailable' },
    })
    lobby.journal.down = false
    expect(codeOf(await device.ask(opened.access_token))).toBe('session_revoked')
  })

  it('is done by the connector too, with either token, but not by another device', async () => {
    for (const token of ['access_token', 'refresh_token'] as const) {
      const opened = await openedSession(lobby, device, anna)
      const stranger = await enrolledDevice(lobby, 'p-ben')
      expect(codeOf(await revoke(stranger, opened[token]))).toBe('token_foreign')
      expect(codeOf(await device.ask(opened.access_token))).toBe('ok')
      expect(codeOf(await revoke(device, opened[token]))).toBe('ok')
      expect(codeOf(await device.ask(opened.access_token))).toBe('session_revoked')
    }
    expect(codeOf(await revoke(device, 'ga_nobody-knows-this'))).toBe('ok')
  })

  it('of a device ends every session on it', async () => {
    const both = [await openedSession(lobby, device, anna), await openedSession(lobby, device, anna)]
    await revokeDevice({ ...lobby.revoking, devices: lobby.devices }, { device: device.id, by: 'p-ben', why: 'stolen', correlation: 'test' })
    for (const { access_token: token } of both) expect(codeOf(await device.ask(token))).toBe('session_revoked')
  })

  it('refuses a session that does not exist', async () => {
    expect(await revokeSession(lobby.revoking, { session: 's-none', by: 'p-ben', why: 'x', correlation: 'test' })).toMatchObject({
      ok: false,
      refusal: { code: 'not_found' },
    })
  })
})
