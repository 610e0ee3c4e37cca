import { afterAll, beforeAll, expect, it } from 'vitest'
import { decideSession } from '../../src/gate/admit.ts'
import { codeOf, type Lobby, openLobby } from '../support/lobby.ts'
import { enrolledDevice, poll, request, signedIn } from '../support/visitor.ts'

let lobby: Lobby
beforeAll(async () => {
  lobby = await openLobby()
})
afterAll(() => lobby.close())

it("opens nothing for whoever got hold of a granted code, even on the same person's other device; the device that asked still gets its session", async () => {
  const [asking, other, stranger] = [await enrolledDevice(lobby, 'p-anna'), await enrolledDevice(lobby, 'p-anna'), await enrolledDevice(lobby, 'p-ben')]
  const requested = await request(asking)
  await decideSession(lobby.admission, await signedIn(lobby, 'p-anna'), { userCode: requested.user_code, useCase: 'inquiries', correlation: 'test' })
  for (const thief of [other, stranger]) expect(codeOf(await poll(thief, requested))).toBe('code_unknown')
  expect((await lobby.pool.query('select from session')).rowCount).toBe(0)
  expect(codeOf(await poll(asking, requested))).toBe('ok')
})
