import { afterAll, beforeAll, expect, it } from 'vitest'
import { GATE, type Lobby, OPERATION, openLobby } from '../support/lobby.ts'
import { enrolledDevice, openedSession, signedIn } from '../support/visitor.ts'

let lobby: Lobby
beforeAll(async () => {
  lobby = await openLobby()
})
afterAll(() => lobby.close())

it('refuses at a gate that has just started what the one before took or would have taken, its seen-set being empty', async () => {
  const device = await enrolledDevice(lobby, 'p-anna')
  const { access_token: token } = await openedSession(lobby, device, await signedIn(lobby, 'p-anna'))
  const [used, unused] = [device.proof('POST', OPERATION, { accessToken: token }), device.proof('POST', OPERATION, { accessToken: token })]
  expect((await device.ask(token, { dpop: used })).statusCode).toBe(200)
  for (const dpop of [used, unused]) {
    const outcome = await lobby.authenticateElsewhere({ authorization: `DPoP ${token}`, dpop, method: 'POST', url: `${GATE}${OPERATION}` })
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'proof_nonce_required' } })
  }
})
