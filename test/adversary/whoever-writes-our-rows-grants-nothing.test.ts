import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decideSession } from '../../src/gate/admit.ts'
import { revokeDevice, revokeSession } from '../../src/gate/revoke.ts'
import { secretHash } from '../../src/identity/code.ts'
import { confirm } from '../../src/identity/sign-in.ts'
import { codeOf, GATE, newDevice, OPERATION, type TestDevice } from '../support/lobby.ts'
import { HOUR, openRaided, type Raided, refusalOf } from '../support/tampered.ts'
import { codeFor, enrolledDevice, must, type Opened, openedSession, PASSPHRASE, POSTURE, poll, renew, request } from '../support/visitor.ts'

let { lobby, device, anna, sql, at, tells } = {} as Raided
beforeAll(async () => {
  ;({ lobby, device, anna, sql, at, tells } = await openRaided())
})
afterAll(() => lobby.close())

const asksWith = async (by: TestDevice, token: string): Promise<string> => codeOf(await by.ask(token))
/** A second gate, which has neither heard nor cached anything of it. */
const asksElsewhere = async (by: TestDevice, token: string): Promise<string> => {
  const dpop = by.proof('POST', OPERATION, { accessToken: token, nonce: lobby.nonceElsewhere() })
  return refusalOf(await lobby.authenticateElsewhere({ authorization: `DPoP ${token}`, dpop, method: 'POST', url: `${GATE}${OPERATION}` }))
}

describe('a device', () => {
  const asks = async (by: TestDevice): Promise<string> =>
    codeOf(
      await by.form('/oauth/device_authorization', {
        client_id: 'gatehouse-connect',
        agent_name: 'claude',
        agent_version: '1',
        posture: JSON.stringify(POSTURE),
      }),
    )
  const insert = (id: string, by: TestDevice, person = 'p-anna') =>
    sql(`insert into device (id, person, jkt, jwk, name, platform, enrolled_at) values ($1, $2, $3, $4, 'x', 'linux', now())`, [id, person, by.jkt, by.jwk])

  it('that was only inserted asks for no session, and the honest one does', async () => {
    const theirs = newDevice(lobby)
    await insert('d-theirs', theirs)
    expect(await tells(() => asks(theirs))).toEqual(['authority_mismatch', 'finding of device'])
    expect(lobby.entries.at(-1)).toMatchObject({ kind: 'session.refused', outcome: 'authority_mismatch' })
    expect(await asks(device)).toBe('ok')
  })

  it('that was given to another person asks for no session', async () => {
    const theirs = await enrolledDevice(lobby, 'p-ben')
    await sql(`update device set person = 'p-anna' where id = $1`, [theirs.id])
    expect(await tells(() => asks(theirs))).toEqual(['authority_mismatch', 'finding of device'])
  })

  it('whose key was exchanged asks for no session', async () => {
    const [honest, theirs] = [await enrolledDevice(lobby, 'p-anna'), newDevice(lobby)]
    await sql('update device set jkt = $2 where id = $1', [honest.id, theirs.jkt])
    expect(await tells(() => asks(theirs))).toEqual(['authority_mismatch', 'finding of device'])
  })

  it('that was revoked stays so when its row is put back, also for who has a fresh code', async () => {
    const lost = await enrolledDevice(lobby, 'p-anna')
    must(await revokeDevice({ ...lobby.revoking, devices: lobby.devices }, { device: lost.id, by: 'p-anna', why: 'lost', correlation: 'x' }))
    expect(await asks(lost)).toBe('device_revoked')
    await sql('update device set revoked_at = null where id = $1', [lost.id])
    expect(await tells(() => asks(lost))).toEqual(['authority_mismatch', 'finding of device'])
    const code = await codeFor(lobby, 'p-anna', 'device')
    expect(codeOf(await lost.enrol(code))).toBe('authority_mismatch')
    await sql('delete from device where id = $1', [lost.id]).catch(() => undefined)
  })

  it('of an older version counts again once its person enrols it with a code, by an entry that says so', async () => {
    const old = newDevice(lobby)
    await insert('d-old', old)
    expect(await asks(old)).toBe('authority_mismatch')
    expect(codeOf(await old.enrol(await codeFor(lobby, 'p-ben', 'device')))).toBe('access_denied')
    expect(codeOf(await old.enrol(await codeFor(lobby, 'p-anna', 'device')))).toBe('ok')
    expect(lobby.entries.at(-1)).toMatchObject({ kind: 'device.enrolled', device: 'd-old', detail: { again: true } })
    expect(await asks(old)).toBe('ok')
  })
})

describe('a session', () => {
  const insertToken = (session: string, token: string, ms: number) =>
    sql('insert into access_token (hash, session, expires_at) values ($1, $2, $3)', [secretHash(token), session, at(ms)])
  let opened: Opened
  const open = async () => {
    opened = await openedSession(lobby, device, anna)
  }

  it('that was only inserted opens nothing, with a device that is really theirs', async () => {
    const theirs = await enrolledDevice(lobby, 'p-ben')
    const token = `ga_${'i'.repeat(43)}`
    await sql(
      `insert into session (id, person, groups, device, jkt, agent, posture, use_case, accounts, admitted_at, ends_at, refresh_hash)
       values ('s-theirs', 'p-ben', '{desk}', $1, $2, '{}', '{}', 'inquiries', '{acme}', $3, $4, $5)`,
      [theirs.id, theirs.jkt, at(0), at(HOUR), secretHash('r')],
    )
    await insertToken('s-theirs', token, HOUR)
    expect(await tells(() => asksWith(theirs, token))).toEqual(['authority_mismatch', 'finding of session'])
  })

  it.each<readonly [string, string]>([
    ['another person', `person = 'p-ben'`],
    ['more groups', `groups = '{desk,returns}'`],
    ['more accounts', `accounts = accounts || '{initech}'`],
    ['another use case', `use_case = 'returns'`],
    ['a better posture', `posture = posture || '{"assurance": "attested"}'`],
    ['a better agent', `agent = agent || '{"assurance": "vendor"}'`],
    ['an earlier beginning', `admitted_at = admitted_at - interval '1 minute'`],
  ])('with %s is none: neither for a token nor for renewing', async (_, change) => {
    await open()
    await sql(`update session set ${change} where id = $1`, [opened.session])
    expect(await tells(() => asksWith(device, opened.access_token))).toEqual(['authority_mismatch', 'finding of session'])
    expect(codeOf(await renew(device, opened))).toBe('authority_mismatch')
  })

  it('bound to another key is none', async () => {
    await open()
    const theirs = await enrolledDevice(lobby, 'p-ben')
    await sql('update session set jkt = $2 where id = $1', [opened.session, theirs.jkt])
    expect(await tells(() => asksWith(theirs, opened.access_token))).toEqual(['authority_mismatch', 'finding of session'])
  })

  it('goes on honestly in a gate that knew it before its row was altered', async () => {
    await open()
    expect(await asksWith(device, opened.access_token)).toBe('ok')
    await sql(`update session set accounts = '{acme,globex,initech}' where id = $1`, [opened.session])
    expect(await asksWith(device, opened.access_token)).toBe('ok')
    expect(await tells(() => asksElsewhere(device, opened.access_token))).toEqual(['authority_mismatch', 'finding of session'])
  })

  it('that was revoked stays so when its row is put back, also with a gate that never heard of it', async () => {
    await open()
    expect(await asksElsewhere(device, opened.access_token)).toBe('ok')
    must(await revokeSession(lobby.revoking, { session: opened.session, by: 'p-ben', why: 'x', correlation: 'x' }))
    await sql('update session set revoked_at = null, revoked_by = null, revoked_why = null where id = $1', [opened.session])
    expect(await tells(() => asksWith(device, opened.access_token))).toEqual(['authority_mismatch', 'finding of session'])
    await lobby.looksElsewhere()
    expect(await tells(() => asksElsewhere(device, opened.access_token))).toEqual(['authority_mismatch', 'finding of session'])
    expect(codeOf(await renew(device, opened))).toBe('authority_mismatch')
  })

  it('ends with its device, whatever its own row says', async () => {
    const lost = await enrolledDevice(lobby, 'p-anna')
    const on = await openedSession(lobby, lost, anna)
    expect(await asksElsewhere(lost, on.access_token)).toBe('ok')
    must(await revokeDevice({ ...lobby.revoking, devices: lobby.devices }, { device: lost.id, by: 'p-anna', why: 'lost', correlation: 'x' }))
    await sql('update device set revoked_at = null where id = $1', [lost.id])
    await sql('update session set revoked_at = null where id = $1', [on.session])
    await lobby.looksElsewhere()
    expect(await tells(() => asksElsewhere(lost, on.access_token))).toEqual(['authority_mismatch', 'finding of session'])
  })

  it('gives no token that was only inserted, prolonged, or moved from one session to another', async () => {
    await open()
    const token = `ga_${'t'.repeat(43)}`
    await insertToken(opened.session, token, HOUR)
    expect(await tells(() => asksWith(device, token))).toEqual(['authority_mismatch', 'finding of session'])

    const other = await openedSession(lobby, device, anna, 'inquiries')
    await sql('update access_token set session = $2 where hash = $1', [secretHash(opened.access_token), other.session])
    expect(await tells(() => asksWith(device, opened.access_token))).toEqual(['authority_mismatch', 'finding of session'])

    await sql('update access_token set expires_at = $2 where hash = $1', [secretHash(other.access_token), at(HOUR / 2)])
    lobby.time.now += 301_000
    expect(await asksWith(device, other.access_token)).toBe('authority_mismatch')
    anna = must(await confirm(lobby.desk, anna, PASSPHRASE, 'test'))
  })

  it('does not outlive its hour, whatever its row says', async () => {
    await open()
    await sql(`update session set ends_at = ends_at + interval '1 day' where id = $1`, [opened.session])
    lobby.time.now += HOUR + 1
    expect(await tells(async () => codeOf(await renew(device, opened)))).toEqual(['authority_mismatch', 'finding of session'])
    anna = must(await confirm(lobby.desk, anna, PASSPHRASE, 'test'))
  })

  it('is not renewed by a refresh token of another making', async () => {
    await open()
    await sql('update session set refresh_hash = $2 where id = $1', [opened.session, secretHash('gr_theirs')])
    expect(await tells(async () => codeOf(await renew(device, { ...opened, refresh_token: 'gr_theirs' })))).toEqual([
      'authority_mismatch',
      'finding of session',
    ])
  })
})

describe('a session that is asked for', () => {
  const allowed = async () => {
    const requested = await request(device)
    must(await decideSession(lobby.admission, anna, { userCode: requested.user_code, useCase: 'inquiries', correlation: 'test' }))
    return requested
  }

  it('and decided by a row alone is not opened', async () => {
    const requested = await request(device)
    await sql(`update session_request set decision = 'granted', person = 'p-anna', use_case = 'inquiries', decided_at = now() where user_code = $1`, [
      requested.user_code,
    ])
    expect(await tells(async () => codeOf(await poll(device, requested)))).toEqual(['authority_mismatch', 'finding of request'])
  })

  it.each<readonly [string, string]>([
    ['for another use case', `use_case = 'returns'`],
    ['by another person', `person = 'p-ben'`],
    ['with a better posture', `posture = posture || '{"diskEncrypted": false}'`],
  ])('and allowed is not opened %s', async (_, change) => {
    const requested = await allowed()
    await sql(`update session_request set ${change} where user_code = $1`, [requested.user_code])
    expect(await tells(async () => codeOf(await poll(device, requested)))).toEqual(['authority_mismatch', 'finding of request'])
  })

  it('by another device or agent than it says is not shown to be decided', async () => {
    const requested = await request(device)
    await sql(`update session_request set agent = agent || '{"name": "their own"}' where user_code = $1`, [requested.user_code])
    const decided = () => decideSession(lobby.admission, anna, { userCode: requested.user_code, useCase: 'inquiries', correlation: 'test' })
    expect(await tells(async () => refusalOf(await decided()))).toEqual(['authority_mismatch', 'finding of request'])
  })

  it('opens once, also when its row forgets that it did', async () => {
    const requested = await allowed()
    expect(codeOf(await poll(device, requested))).toBe('ok')
    await sql('update session_request set opened_session = null, polled_at = null where user_code = $1', [requested.user_code])
    expect(await tells(async () => codeOf(await poll(device, requested)))).toEqual(['authority_mismatch', 'finding of request'])
  })
})
