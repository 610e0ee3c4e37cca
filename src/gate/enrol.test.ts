import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeOf, type Lobby, newDevice, openLobby } from '../../test/support/lobby.ts'
import { codeFor, enrolledDevice } from '../../test/support/visitor.ts'
import { revokeDevice } from './revoke.ts'

let lobby: Lobby
beforeAll(async () => {
  lobby = await openLobby()
})
afterAll(() => lobby.close())

const devices = async (): Promise<number> => (await lobby.pool.query<{ n: number }>('select count(*)::int as n from device')).rows[0]?.n ?? -1

describe('enrolling a device', () => {
  it('binds the key to the person of the code and is recorded before it is answered', async () => {
    const device = newDevice(lobby)
    const answer = await device.enrol(await codeFor(lobby, 'p-anna', 'device'))
    expect(answer.statusCode).toBe(201)
    expect(answer.json()).toMatchObject({ person: 'p-anna', gate: 'https://gate.example' })
    expect(lobby.entries.at(-1)).toMatchObject({
      kind: 'device.enrolled',
      outcome: 'done',
      person: 'p-anna',
      device: answer.json().device,
      detail: { jkt: device.jkt },
    })
    expect(await lobby.devices.byKey(device.jkt)).toMatchObject({ ok: true, value: { id: answer.json().device, revokedAt: null } })
  })

  it('takes a code as people type it', async () => {
    const code = await codeFor(lobby, 'p-anna', 'device')
    expect(codeOf(await newDevice(lobby).enrol(` ${code.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `))).toBe('ok')
  })

  it('works once: of ten devices with one code at the same moment, one is enrolled', async () => {
    const code = await codeFor(lobby, 'p-anna', 'device')
    const before = await devices()
    const codes = (await Promise.all(Array.from({ length: 10 }, () => newDevice(lobby).enrol(code)))).map(codeOf)
    expect(codes.toSorted()).toEqual([...Array.from({ length: 9 }, () => 'code_unknown'), 'ok'])
    expect(await devices()).toBe(before + 1)
  })

  it.each([
    ['a ms before a day has passed', 86_399_999, 'ok'],
    ['after a day', 86_400_000, 'code_unknown'],
  ])('takes a code %s or says it is unknown', async (_, ms, code) => {
    const typed = await codeFor(lobby, 'p-anna', 'device')
    lobby.time.now += ms
    expect(codeOf(await newDevice(lobby).enrol(typed))).toBe(code)
  })

  it.each([
    ['an unknown code', async () => 'abcd-efgh-jkmn-pqrs'],
    ['a code for signing in', () => codeFor(lobby, 'p-anna', 'sign-in')],
  ])('refuses %s and records it', async (_, given) => {
    const before = await devices()
    expect(codeOf(await newDevice(lobby).enrol(await given()))).toBe('code_unknown')
    expect(lobby.entries.at(-1)).toMatchObject({ kind: 'device.enrol_refused', outcome: 'code_unknown' })
    expect(await devices()).toBe(before)
  })

  it('refuses a key that is not the one that proved itself, and the code is not used up', async () => {
    const [device, other] = [newDevice(lobby), newDevice(lobby)]
    const code = await codeFor(lobby, 'p-anna', 'device')
    const answer = await lobby.app.inject({
      method: 'POST',
      url: '/enrol',
      headers: { dpop: device.proof('POST', '/enrol') },
      body: { code, jwk: other.jwk, name: 'n', platform: 'linux' },
    })
    expect(codeOf(answer)).toBe('proof_invalid')
    expect(codeOf(await device.enrol(code))).toBe('ok')
  })

  it('enrols nothing while the journal is down, and the code works once it is back', async () => {
    const code = await codeFor(lobby, 'p-anna', 'device')
    const [device, before] = [newDevice(lobby), await devices()]
    lobby.journal.down = true
    expect(codeOf(await device.enrol(code))).toBe('journal_unavailable')
    lobby.journal.down = false
    expect(await devices()).toBe(before)
    expect(codeOf(await device.enrol(code))).toBe('ok')
  })

  it('gives the same device to the same key again, but never to another person, nor once it was revoked', async () => {
    const device = await enrolledDevice(lobby, 'p-anna')
    const again = await device.enrol(await codeFor(lobby, 'p-anna', 'device'))
    expect(again.json()).toMatchObject({ device: device.id })
    expect(codeOf(await device.enrol(await codeFor(lobby, 'p-ben', 'device')))).toBe('access_denied')
    await revokeDevice({ ...lobby.revoking, devices: lobby.devices }, { device: device.id, by: 'p-ben', why: 'lost', correlation: 'test' })
    expect(codeOf(await device.enrol(await codeFor(lobby, 'p-anna', 'device')))).toBe('device_revoked')
  })
})
