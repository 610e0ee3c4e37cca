import { afterAll, beforeAll, expect, it } from 'vitest'
import { codeOf, type Lobby, OPERATION, openLobby, type TestDevice } from '../support/lobby.ts'
import { enrolledDevice, openedSession, POSTURE, signedIn } from '../support/visitor.ts'

let lobby: Lobby
let device: TestDevice
let token: string
beforeAll(async () => {
  lobby = await openLobby()
  device = await enrolledDevice(lobby, 'p-anna')
  token = (await openedSession(lobby, device, await signedIn(lobby, 'p-anna'))).access_token
})
afterAll(() => lobby.close())

it('refuses a request sent again word for word by whoever saw it on its way', async () => {
  const dpop = device.proof('POST', OPERATION, { accessToken: token })
  expect(codeOf(await device.ask(token, { dpop }))).toBe('ok')
  const before = lobby.asked.count
  expect(codeOf(await device.ask(token, { dpop }))).toBe('proof_replayed')
  lobby.time.now += 59_000
  expect(codeOf(await device.ask(token, { dpop }))).not.toBe('ok')
  expect(lobby.asked.count).toBe(before)
})

it('lets one of twenty through that come with the same proof at the same moment', async () => {
  const dpop = device.proof('POST', OPERATION, { accessToken: token })
  const before = lobby.asked.count
  const codes = (await Promise.all(Array.from({ length: 20 }, () => device.ask(token, { dpop })))).map(codeOf)
  expect(codes.filter((code) => code === 'ok')).toHaveLength(1)
  expect(codes.filter((code) => code === 'proof_replayed')).toHaveLength(19)
  expect(lobby.asked.count).toBe(before + 1)
})

it('refuses it too where the spelling of the proof differs and its meaning does not', async () => {
  const dpop = device.proof('POST', OPERATION, { accessToken: token })
  expect(codeOf(await device.ask(token, { dpop }))).toBe('ok')
  for (const again of [`${dpop}=`, ` ${dpop}`, `${dpop}#`, dpop.replaceAll('_', '/').replaceAll('-', '+')]) {
    expect(['proof_replayed', 'proof_invalid']).toContain(codeOf(await device.ask(token, { dpop: again })))
  }
})

it('refuses it where a proof alone is wanted: a session is asked for once, not twice', async () => {
  const path = '/oauth/device_authorization'
  const body = new URLSearchParams({ client_id: 'c', agent_name: 'a', agent_version: '1', posture: JSON.stringify(POSTURE) }).toString()
  const headers = { dpop: device.proof('POST', path), 'content-type': 'application/x-www-form-urlencoded' }
  const before = (await lobby.pool.query('select from session_request')).rowCount ?? 0
  const codes = [
    await lobby.app.inject({ method: 'POST', url: path, headers, body }),
    await lobby.app.inject({ method: 'POST', url: path, headers, body }),
  ].map(codeOf)
  expect(codes).toEqual(['ok', 'proof_replayed'])
  expect((await lobby.pool.query('select from session_request')).rowCount).toBe(before + 1)
  expect(lobby.entries.at(-1)).toMatchObject({ kind: 'session.refused', outcome: 'proof_replayed' })
})
