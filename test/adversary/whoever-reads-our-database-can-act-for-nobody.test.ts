import { afterAll, beforeAll, expect, it } from 'vitest'
import { invite } from '../../src/identity/invite.ts'
import { signIn } from '../../src/identity/sign-in.ts'
import { type Lobby, openLobby } from '../support/lobby.ts'
import { enrolledDevice, must, openedSession, PASSPHRASE, request, signedIn } from '../support/visitor.ts'

let lobby: Lobby
beforeAll(async () => {
  lobby = await openLobby()
})
afterAll(() => lobby.close())

it('finds no token, code, cookie or passphrase in any table, nor in the journal', async () => {
  const device = await enrolledDevice(lobby, 'p-anna')
  const opened = await openedSession(lobby, device, await signedIn(lobby, 'p-anna'))
  const { device_code: deviceCode } = await request(device)
  const { cookie } = must(await signIn(lobby.desk, { person: 'p-anna', passphrase: PASSPHRASE, correlation: 'test' }))
  const { code } = must(await invite(lobby.desk, { person: 'p-anna', purpose: 'device', by: 'p-ben', correlation: 'test' }))

  const tables = await lobby.sql(`select tablename as name from pg_tables where schemaname = 'public'`)
  const dump: string[] = []
  for (const { name } of tables) {
    for (const row of await lobby.sql(`select * from ${String(name)}`))
      for (const value of Object.values(row)) dump.push(Buffer.isBuffer(value) ? value.toString('latin1') : JSON.stringify(value))
  }
  const held = dump.join('\n')
  expect(held).toContain(opened.session)
  expect(held).toContain(device.jkt)
  for (const secret of [opened.access_token, opened.refresh_token, deviceCode, cookie, code, PASSPHRASE]) expect(held).not.toContain(secret)
})
