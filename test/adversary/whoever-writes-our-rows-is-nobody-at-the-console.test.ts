import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decideSession } from '../../src/gate/admit.ts'
import { meantCode, secretHash } from '../../src/identity/code.ts'
import { invite, setPassphrase } from '../../src/identity/invite.ts'
import { confirm, freshlyConfirmed, signIn, signOut, whoIs } from '../../src/identity/sign-in.ts'
import { codeOf, newDevice } from '../support/lobby.ts'
import { HOUR, openRaided, type Raided, refusalOf } from '../support/tampered.ts'
import { codeFor, cookieOf, must, PASSPHRASE, poll, request, signedIn } from '../support/visitor.ts'

let { lobby, device, anna, sql, at, tells } = {} as Raided
beforeAll(async () => {
  ;({ lobby, device, anna, sql, at, tells } = await openRaided())
})
afterAll(() => lobby.close())

describe('a code', () => {
  const insert = (code: string, purpose: string, person: string) =>
    sql('insert into invite (hash, person, purpose, expires_at) values ($1, $2, $3, $4)', [secretHash(meantCode(code)), person, purpose, at(HOUR)])
  const sets = async (code: string) => refusalOf(await setPassphrase(lobby.desk, { code, passphrase: 'their own long passphrase', correlation: 'test' }))

  it('that was only inserted sets no passphrase and enrols nothing', async () => {
    await insert('0000-1111-2222', 'sign-in', 'p-ben')
    expect(await tells(() => sets('0000-1111-2222'))).toEqual(['authority_mismatch', 'finding of invite'])
    await insert('3333-1111-2222', 'device', 'p-ben')
    expect(await tells(async () => codeOf(await newDevice(lobby).enrol('3333-1111-2222')))).toEqual(['authority_mismatch', 'finding of invite'])
    expect(lobby.entries.at(-1)).toMatchObject({ kind: 'device.enrol_refused', outcome: 'authority_mismatch' })
  })

  it('given to one is not another’s, nor for another purpose', async () => {
    const mine = must(await invite(lobby.desk, { person: 'p-anna', purpose: 'sign-in', by: 'p-anna', correlation: 'test' })).code
    await sql(`update invite set person = 'p-ben' where hash = $1`, [secretHash(mine)])
    expect(await tells(() => sets(mine))).toEqual(['authority_mismatch', 'finding of invite'])
    const forDevice = await codeFor(lobby, 'p-anna', 'device')
    await sql(`update invite set purpose = 'sign-in' where hash = $1`, [secretHash(forDevice)])
    expect(await tells(() => sets(forDevice))).toEqual(['authority_mismatch', 'finding of invite'])
  })

  it('works once and within its day, whatever its row says', async () => {
    const used = await codeFor(lobby, 'p-ben', 'device')
    expect(codeOf(await newDevice(lobby).enrol(used))).toBe('ok')
    await sql('update invite set used_at = null where hash = $1', [secretHash(used)])
    expect(await tells(async () => codeOf(await newDevice(lobby).enrol(used)))).toEqual(['authority_mismatch', 'finding of invite'])

    const late = await codeFor(lobby, 'p-ben', 'device')
    await sql(`update invite set expires_at = expires_at + interval '2 days' where hash = $1`, [secretHash(late)])
    lobby.time.now += 24 * HOUR
    expect(await tells(async () => codeOf(await newDevice(lobby).enrol(late)))).toEqual(['authority_mismatch', 'finding of invite'])
    anna = await signedIn(lobby, 'p-anna')
  })
})

describe('a person', () => {
  it('given more groups has none, at the console or for a session', async () => {
    const requested = await request(device)
    await sql(`update person set groups = '{desk,returns}' where id = 'p-anna'`)
    try {
      const { cookie } = await cookieOf(lobby, 'p-anna')
      expect(await tells(async () => refusalOf(await whoIs(lobby.desk, cookie)))).toEqual(['authority_mismatch', 'finding of desk'])
      must(await decideSession(lobby.admission, anna, { userCode: requested.user_code, useCase: 'inquiries', correlation: 'test' }))
      expect(await tells(async () => codeOf(await poll(device, requested)))).toEqual(['authority_mismatch', 'finding of person'])
    } finally {
      await sql(`update person set groups = '{desk}' where id = 'p-anna'`)
    }
  })

  it('who was only inserted signs in nowhere', async () => {
    const [{ passphrase }] = (await sql(`select passphrase from person where id = 'p-anna'`)) as [{ readonly passphrase: string }]
    await sql(`insert into person (id, name, groups, passphrase) values ('p-eve', 'Eve', '{desk}', $1)`, [passphrase])
    expect(await tells(async () => refusalOf(await signIn(lobby.desk, { person: 'p-eve', passphrase: PASSPHRASE, correlation: 'test' })))).toEqual([
      'authority_mismatch',
      'finding of passphrase',
    ])
  })

  it('signs in neither with a passphrase that somebody else put there nor with an old one put back', async () => {
    await signedIn(lobby, 'p-ben')
    const signsIn = async (passphrase = PASSPHRASE) => refusalOf(await signIn(lobby.desk, { person: 'p-ben', passphrase, correlation: 'test' }))
    const [{ old }] = (await sql(`select passphrase as old from person where id = 'p-ben'`)) as [{ readonly old: string }]
    await sql(`update person set passphrase = (select passphrase from person where id = 'p-anna') where id = 'p-ben'`)
    expect(await tells(signsIn)).toEqual(['authority_mismatch', 'finding of passphrase'])
    must(await setPassphrase(lobby.desk, { code: await codeFor(lobby, 'p-ben', 'sign-in'), passphrase: 'a new one, long enough', correlation: 'test' }))
    expect(await signsIn('a new one, long enough')).toBe('ok')
    await sql(`update person set passphrase = $1 where id = 'p-ben'`, [old])
    expect(await signsIn()).toBe('authority_mismatch')
  })
})

describe('a sign-in at the console', () => {
  const insert = (cookie: string, person = 'p-anna') =>
    sql('insert into desk_session (hash, person, signed_in_at, confirmed_at, expires_at) values ($1, $2, $3, $3, $4)', [
      secretHash(cookie),
      person,
      at(0),
      at(HOUR),
    ])
  const is = async (cookie: string) => refusalOf(await whoIs(lobby.desk, cookie))

  it('that was only inserted is nobody’s', async () => {
    await insert('gd_theirs')
    expect(await tells(() => is('gd_theirs'))).toEqual(['authority_mismatch', 'finding of desk'])
  })

  it.each<readonly [string, string]>([
    ['another person', `person = 'p-ben'`],
    ['a later confirmation', `confirmed_at = confirmed_at + interval '1 hour'`],
    ['an earlier beginning', `signed_in_at = signed_in_at - interval '1 minute'`],
  ])('with %s is nobody’s', async (_, change) => {
    const { cookie } = await cookieOf(lobby, 'p-anna')
    expect(await is(cookie)).toBe('ok')
    await sql(`update desk_session set ${change} where hash = $1`, [secretHash(cookie)])
    expect(await tells(() => is(cookie))).toEqual(['authority_mismatch', 'finding of desk'])
  })

  it('is confirmed by the passphrase alone, and ends after its hours, whatever its row says', async () => {
    const { cookie } = await cookieOf(lobby, 'p-anna')
    lobby.time.now += 301_000
    const who = must(await whoIs(lobby.desk, cookie))
    expect(freshlyConfirmed(who, lobby.time.now).ok).toBe(false)
    must(await confirm(lobby.desk, who, PASSPHRASE, 'test'))
    expect(freshlyConfirmed(must(await whoIs(lobby.desk, cookie)), lobby.time.now).ok).toBe(true)
    await sql(`update desk_session set expires_at = expires_at + interval '1 day' where hash = $1`, [secretHash(cookie)])
    lobby.time.now += 8 * HOUR
    expect(await tells(() => is(cookie))).toEqual(['authority_mismatch', 'finding of desk'])
  })

  it('that was over stays so when its row is put back: signed out, or ended by a new passphrase', async () => {
    const { cookie } = await cookieOf(lobby, 'p-anna')
    const [row] = await sql('select * from desk_session where hash = $1', [secretHash(cookie)])
    must(await signOut(lobby.desk, must(await whoIs(lobby.desk, cookie)), 'test'))
    expect(await is(cookie)).toBe('sign_in_required')
    const restore = (of: string, was: typeof row) =>
      sql('insert into desk_session (hash, person, signed_in_at, confirmed_at, expires_at) values ($1, $2, $3, $4, $5)', [
        secretHash(of),
        was?.['person'],
        was?.['signed_in_at'],
        was?.['confirmed_at'],
        was?.['expires_at'],
      ])
    await restore(cookie, row)
    expect(await tells(() => is(cookie))).toEqual(['authority_mismatch', 'finding of desk'])

    const again = await cookieOf(lobby, 'p-anna')
    const [other] = await sql('select * from desk_session where hash = $1', [secretHash(again.cookie)])
    await signedIn(lobby, 'p-anna')
    expect(await is(again.cookie)).toBe('sign_in_required')
    await restore(again.cookie, other)
    expect(await tells(() => is(again.cookie))).toEqual(['authority_mismatch', 'finding of desk'])
  })
})
