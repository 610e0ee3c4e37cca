import { afterAll, beforeAll, expect, it } from 'vitest'
import { codeOf, type Lobby, openLobby } from '../support/lobby.ts'
import { enrolledDevice, openedSession, poll, renew, request, signedIn } from '../support/visitor.ts'

let lobby: Lobby
beforeAll(async () => {
  lobby = await openLobby()
})
afterAll(() => lobby.close())

it('gives nothing beyond the hour to a device that has everything but its person', async () => {
  const device = await enrolledDevice(lobby, 'p-anna')
  const opened = await openedSession(lobby, device, await signedIn(lobby, 'p-anna'))
  let token = opened.access_token
  for (let minute = 4; minute < 60; minute += 4) {
    lobby.time.now += 4 * 60_000
    const renewed = (await renew(device, opened)).json<{ readonly access_token: string; readonly session_expires_in: number }>()
    expect(renewed.session_expires_in).toBe(3600 - minute * 60)
    token = renewed.access_token
  }
  lobby.time.now += 4 * 60_000
  expect(codeOf(await device.ask(token))).toBe('session_ended')
  expect(codeOf(await renew(device, opened))).toBe('session_ended')

  const requested = await request(device)
  for (let tries = 0; tries < 5; tries++) {
    lobby.time.now += 2000
    expect(codeOf(await poll(device, requested))).toBe('authorization_pending')
  }
  const live = await lobby.admission.sessions.live(lobby.time.now)
  expect(live).toEqual({ ok: true, value: [] })
})
