import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Lobby, openLobby } from '../../test/support/lobby.ts'
import { codeFor, PASSPHRASE, signedIn } from '../../test/support/visitor.ts'
import { setPassphrase } from './invite.ts'
import { freshlyConfirmed, signIn, signOut, whoIs } from './sign-in.ts'

let lobby: Lobby
beforeAll(async () => {
  lobby = await openLobby()
})
afterAll(() => lobby.close())
beforeEach(async () => {
  lobby.journal.down = false
  await signedIn(lobby, 'p-anna')
})

const attempt = async (passphrase: string, person = 'p-anna') => {
  const signed = await signIn(lobby.desk, { person, passphrase, correlation: 'test' })
  return signed.ok ? 'ok' : signed.refusal.code
}
const wrong = async (times: number): Promise<void> => {
  for (let i = 0; i < times; i++) expect(await attempt('wrong but long enough')).toBe('sign_in_failed')
}
const cookies = async (): Promise<number> => (await lobby.pool.query<{ n: number }>('select count(*)::int as n from desk_session')).rows[0]?.n ?? -1

describe('signIn', () => {
  it('gives a cookie that says who it is for eight hours, of which only the hash is kept', async () => {
    const signed = await signIn(lobby.desk, { person: 'p-anna', passphrase: PASSPHRASE, correlation: 'c-1' })
    const cookie = signed.ok ? signed.value.cookie : ''
    expect(lobby.entries.at(-1)).toMatchObject({ kind: 'person.signed_in', person: 'p-anna', correlation: 'c-1' })
    expect(await whoIs(lobby.desk, cookie)).toMatchObject({ ok: true, value: { person: { id: 'p-anna', groups: ['desk'] }, confirmedAt: lobby.time.now } })
    const kept = await lobby.pool.query("select string_agg(encode(hash, 'escape'), ' ') as all from desk_session")
    expect(String(kept.rows[0].all)).not.toContain(cookie)
    lobby.time.now += 8 * 3_600_000 - 1
    expect((await whoIs(lobby.desk, cookie)).ok).toBe(true)
    lobby.time.now += 1
    expect(await whoIs(lobby.desk, cookie)).toMatchObject({ ok: false, refusal: { code: 'sign_in_required' } })
  })

  it('locks for a minute after five wrong tries, even to the right passphrase, in the same words', async () => {
    await wrong(5)
    const before = await cookies()
    expect(await attempt(PASSPHRASE)).toBe('sign_in_failed')
    expect(lobby.entries.at(-1)).toMatchObject({ kind: 'person.sign_in_refused', detail: { known: true, locked: true } })
    expect(await cookies()).toBe(before)
    lobby.time.now += 59_999
    expect(await attempt(PASSPHRASE)).toBe('sign_in_failed')
    lobby.time.now += 1
    expect(await attempt(PASSPHRASE)).toBe('ok')
  })

  it('does not lock after four wrong tries, and forgets them once the right one came', async () => {
    for (let round = 0; round < 2; round++) {
      await wrong(4)
      expect(await attempt(PASSPHRASE)).toBe('ok')
    }
  })

  it('answers an unknown person as it answers a wrong passphrase, and keeps the name typed out of the journal', async () => {
    const words = async (person: string) => {
      const signed = await signIn(lobby.desk, { person, passphrase: 'wrong but long enough', correlation: 'test' })
      return signed.ok ? null : signed.refusal
    }
    expect(await words('my-secret-typed-here')).toEqual(await words('p-anna'))
    expect(await words('not\u0000a name')).toEqual(await words('p-anna'))
    expect(JSON.stringify(lobby.entries)).not.toContain('my-secret-typed-here')
  })

  it('signs nobody in while the journal is down', async () => {
    const before = await cookies()
    lobby.journal.down = true
    expect(await attempt(PASSPHRASE)).toBe('journal_unavailable')
    expect(await cookies()).toBe(before)
  })

  it('takes no passphrase from a person who has set none', async () => {
    expect(await attempt('', 'p-ben')).toBe('sign_in_failed')
  })
})

describe('a confirmation', () => {
  it('counts as fresh for less than five minutes', async () => {
    const who = await signedIn(lobby, 'p-anna')
    expect(freshlyConfirmed(who, who.confirmedAt + 299_999).ok).toBe(true)
    expect(freshlyConfirmed(who, who.confirmedAt + 300_000)).toMatchObject({ ok: false, refusal: { code: 'confirmation_needed' } })
  })
})

describe('a passphrase', () => {
  const set = (code: string, passphrase: string) => setPassphrase(lobby.desk, { code, passphrase, correlation: 'test' })

  it('has at least twelve characters; a code is not used up by one that is too short', async () => {
    const code = await codeFor(lobby, 'p-anna', 'sign-in')
    expect(await set(code, 'eleven char')).toMatchObject({ ok: false, refusal: { code: 'invalid_input' } })
    expect(await set(code, 'twelve chars')).toMatchObject({ ok: true, value: { person: 'p-anna' } })
    expect(await attempt('twelve chars')).toBe('ok')
    expect(await set(code, 'another of them')).toMatchObject({ ok: false, refusal: { code: 'code_unknown' } })
    expect(await attempt('twelve chars')).toBe('ok')
  })

  it('set anew ends the sign-ins of before', async () => {
    const signed = await signIn(lobby.desk, { person: 'p-anna', passphrase: PASSPHRASE, correlation: 'test' })
    await set(await codeFor(lobby, 'p-anna', 'sign-in'), 'a new passphrase')
    expect(await whoIs(lobby.desk, signed.ok ? signed.value.cookie : '')).toMatchObject({ ok: false, refusal: { code: 'sign_in_required' } })
    expect(await attempt(PASSPHRASE)).toBe('sign_in_failed')
  })

  it('is not set while the journal is down, and the code works after', async () => {
    const code = await codeFor(lobby, 'p-anna', 'sign-in')
    lobby.journal.down = true
    expect(await set(code, 'a new passphrase')).toMatchObject({ ok: false, refusal: { code: 'journal_unavailable' } })
    lobby.journal.down = false
    expect(await attempt(PASSPHRASE)).toBe('ok')
    expect((await set(code, 'a new passphrase')).ok).toBe(true)
  })
})

describe('signOut', () => {
  it('makes the cookie worthless', async () => {
    const signed = await signIn(lobby.desk, { person: 'p-anna', passphrase: PASSPHRASE, correlation: 'test' })
    const cookie = signed.ok ? signed.value.cookie : ''
    const who = await whoIs(lobby.desk, cookie)
    if (who.ok) await signOut(lobby.desk, who.value, 'test')
    expect((await whoIs(lobby.desk, cookie)).ok).toBe(false)
  })
})
