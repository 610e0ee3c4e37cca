import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { freshHome } from '../../test/support/connector.ts'
import { deskKeeper } from './desk.ts'
import { keepDevice } from './device.ts'
import { makeHome } from './home.ts'
import { keepKey, makeKey } from './key-store.ts'

describe('the desk of a folder', () => {
  it('is not_enrolled with the line to type, until a device is enrolled there, and again when its key is another', async () => {
    const home = freshHome()
    const keeper = deskKeeper({ home, clock: Date.now, random: randomBytes, changed: () => undefined, log: () => undefined })
    const next = `the person runs in a terminal: gatehouse enrol --gate URL --code CODE --home '${home}'`
    expect(keeper.desk()).toMatchObject({ ok: false, refusal: { code: 'not_enrolled', message: 'this device is not enrolled', next } })

    makeHome(home)
    const key = makeKey()
    keepKey(home, key)
    keepDevice(home, { device: 'dev-1', person: 'amara', gate: 'https://gate.example', jkt: key.jkt })
    expect(keeper.desk()).toMatchObject({ ok: true, value: { device: { device: 'dev-1' } } })

    keepDevice(home, { device: 'dev-1', person: 'amara', gate: 'https://gate.example', jkt: makeKey().jkt })
    expect(keeper.desk()).toMatchObject({ ok: false, refusal: { code: 'not_enrolled', message: `the key in \`${home}\` is not the one that was enrolled` } })
    await keeper.close()
  })
})
