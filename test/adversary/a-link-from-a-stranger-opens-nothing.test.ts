import { afterAll, beforeAll, expect, it } from 'vitest'
import { decideSession } from '../../src/gate/admit.ts'
import { codeOf, type Lobby, openLobby } from '../support/lobby.ts'
import { enrolledDevice, poll, request, signedIn } from '../support/visitor.ts'

let lobby: Lobby
beforeAll(async () => {
  lobby = await openLobby()
})
afterAll(() => lobby.close())

/** Device-code phishing (RFC 8628 §5.4): the attacker starts a session on a computer of theirs and has the victim follow the link. */
it("grants nothing when a person is talked into following the link of somebody else's device, and records the attempt", async () => {
  const theirs = await enrolledDevice(lobby, 'p-ben')
  const requested = await request(theirs)
  const victim = await signedIn(lobby, 'p-anna')
  const decided = await decideSession(lobby.admission, victim, { userCode: requested.user_code, useCase: 'inquiries', correlation: 'test' })
  expect(decided).toMatchObject({ ok: false, refusal: { code: 'code_unknown' } })
  expect(lobby.entries.at(-1)).toMatchObject({ kind: 'session.refused', person: 'p-anna', device: theirs.id })
  expect(codeOf(await poll(theirs, requested))).toBe('authorization_pending')
  expect((await lobby.pool.query('select from session')).rowCount).toBe(0)
})

it('answers a link to an unknown code in nearly the same words, so that codes cannot be sought', async () => {
  const victim = await signedIn(lobby, 'p-anna')
  const decided = await decideSession(lobby.admission, victim, { userCode: '0000-0000', useCase: 'inquiries', correlation: 'test' })
  expect(decided).toMatchObject({ ok: false, refusal: { code: 'code_unknown' } })
})
