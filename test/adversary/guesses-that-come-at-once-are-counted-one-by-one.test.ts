import { afterAll, beforeAll, expect, it } from 'vitest'
import { signIn } from '../../src/identity/sign-in.ts'
import { type Lobby, openLobby } from '../support/lobby.ts'
import { PASSPHRASE, signedIn } from '../support/visitor.ts'

let lobby: Lobby
beforeAll(async () => {
  lobby = await openLobby()
  await signedIn(lobby, 'p-anna')
})
afterAll(() => lobby.close())

it('compares five of thirty guesses that come at the same moment, and the right one among the rest is worth nothing', async () => {
  const guesses = [...Array.from({ length: 29 }, (_, n) => `a guess, number ${n}`), PASSPHRASE]
  const before = (await lobby.pool.query('select from desk_session')).rowCount
  const outcomes = await Promise.all(guesses.map((passphrase) => signIn(lobby.desk, { person: 'p-anna', passphrase, correlation: 'test' })))
  const compared = lobby.entries.filter(({ kind, detail }) => kind === 'person.sign_in_refused' && detail?.['locked'] === false)
  expect(compared.length).toBeLessThanOrEqual(5)
  expect(outcomes.every(({ ok }) => !ok)).toBe(compared.length === 5)
  const after = (await lobby.pool.query('select from desk_session')).rowCount
  expect(after).toBe((before ?? 0) + outcomes.filter(({ ok }) => ok).length)
})
