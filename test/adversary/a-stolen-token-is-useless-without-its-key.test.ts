import { afterAll, beforeAll, expect, it } from 'vitest'
import { codeOf, type Lobby, OPERATION, openLobby, type TestDevice } from '../support/lobby.ts'
import { enrolledDevice, type Opened, openedSession, renew, signedIn } from '../support/visitor.ts'

let lobby: Lobby
let owner: TestDevice
let thief: TestDevice
let stolen: Opened
beforeAll(async () => {
  lobby = await openLobby()
  owner = await enrolledDevice(lobby, 'p-anna')
  thief = await enrolledDevice(lobby, 'p-ben')
  stolen = await openedSession(lobby, owner, await signedIn(lobby, 'p-anna'))
})
afterAll(() => lobby.close())

it('refuses the access token with the proof of another enrolled device', async () => {
  expect(codeOf(await thief.ask(stolen.access_token))).toBe('token_foreign')
  expect(lobby.asked.count).toBe(0)
})

it('refuses it as a bearer token, and without a proof', async () => {
  for (const scheme of ['Bearer', 'DPoP']) {
    const answer = await lobby.app.inject({ method: 'POST', url: OPERATION, headers: { authorization: `${scheme} ${stolen.access_token}` } })
    expect(['token_missing', 'proof_missing']).toContain(codeOf(answer))
  }
  expect(lobby.asked.count).toBe(0)
})

it("refuses a proof that carries the owner's public key and the thief's signature", async () => {
  const proof = thief.proof('POST', OPERATION, { accessToken: stolen.access_token })
  const [, claims, signature] = proof.split('.')
  const [head] = owner.proof('POST', OPERATION).split('.')
  expect(codeOf(await owner.ask(stolen.access_token, { dpop: `${head}.${claims}.${signature}` }))).toBe('proof_invalid')
  expect(lobby.asked.count).toBe(0)
})

it('refuses the refresh token on another device, records it, and leaves the owner as before', async () => {
  expect(codeOf(await renew(thief, stolen))).toBe('token_foreign')
  expect(lobby.entries.at(-1)).toMatchObject({ kind: 'session.refused', outcome: 'token_foreign', session: stolen.session })
  expect(codeOf(await renew(owner, stolen))).toBe('ok')
  expect(codeOf(await owner.ask(stolen.access_token))).toBe('ok')
})
