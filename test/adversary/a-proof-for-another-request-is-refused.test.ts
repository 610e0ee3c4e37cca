import { afterAll, beforeAll, expect, it } from 'vitest'
import { codeOf, GATE, type Lobby, OPERATION, openLobby, type TestDevice } from '../support/lobby.ts'
import { enrolledDevice, openedSession, signedIn } from '../support/visitor.ts'

let lobby: Lobby
let device: TestDevice
let token: string
beforeAll(async () => {
  lobby = await openLobby()
  device = await enrolledDevice(lobby, 'p-anna')
  token = (await openedSession(lobby, device, await signedIn(lobby, 'p-anna'))).access_token
})
afterAll(() => lobby.close())

it.each([
  ['another operation', 'POST', `${GATE}/v1/operations/proposeStatusChange`],
  ['another method', 'GET', `${GATE}${OPERATION}`],
  ['another gate', 'POST', `https://evil.example${OPERATION}`],
  ['the gate without TLS', 'POST', `http://gate.example${OPERATION}`],
  ['a host that only begins like ours', 'POST', `https://gate.example.evil.example${OPERATION}`],
])('refuses a proof made for %s', async (_, method, url) => {
  const before = lobby.asked.count
  const dpop = device.proof(method, OPERATION, { accessToken: token, url })
  expect(codeOf(await device.ask(token, { dpop }))).toBe('proof_url_mismatch')
  expect(lobby.asked.count).toBe(before)
})

it('goes by its own public URL, whatever Host the request names', async () => {
  const dpop = device.proof('POST', OPERATION, { accessToken: token, url: `https://evil.example${OPERATION}` })
  expect(codeOf(await device.ask(token, { dpop, host: 'evil.example', 'x-forwarded-host': 'evil.example' }))).toBe('proof_url_mismatch')
})
