import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freshHome } from '../../test/support/connector.ts'
import { keepDevice, loadDevice } from './device.ts'
import { checkHome, homeFolder, makeHome, settingsFolder } from './home.ts'
import { type DeviceKey, keepKey, keyPath, loadKey, makeKey } from './key-store.ts'

function keptHome(): { readonly home: string; readonly key: DeviceKey } {
  const home = freshHome()
  makeHome(home)
  const key = makeKey()
  keepKey(home, key)
  keepDevice(home, { device: 'dev-1', person: 'amara', gate: 'https://gate.example', jkt: key.jkt })
  return { home, key }
}

function caught(act: () => unknown): Error {
  try {
    act()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

const modeOf = (path: string): number => statSync(path).mode & 0o777

describe('the device key', () => {
  it('is kept for its owner alone, labelled as software, and comes back the same', () => {
    const { home, key } = keptHome()
    expect(modeOf(home)).toBe(0o700)
    expect(modeOf(keyPath(home))).toBe(0o600)
    expect(modeOf(join(home, 'device.json'))).toBe(0o600)
    expect(readFileSync(keyPath(home), 'utf8')).toContain('software key')
    expect(loadKey(home)?.jkt).toBe(key.jkt)
    expect(loadDevice(home)?.device.device).toBe('dev-1')
  })

  it.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o601])('is not used when its mode is %o', (mode) => {
    const { home } = keptHome()
    chmodSync(keyPath(home), mode)
    expect(() => loadKey(home)).toThrow('others may read')
    expect(() => loadDevice(home)).toThrow('others may read')
  })

  it.each([0o600, 0o400])('is used when its mode is %o', (mode) => {
    const { home, key } = keptHome()
    chmodSync(keyPath(home), mode)
    expect(loadKey(home)?.jkt).toBe(key.jkt)
  })

  it.each([0o720, 0o702, 0o777])('is not used from a folder of mode %o, where others could exchange it', (mode) => {
    const { home } = keptHome()
    chmodSync(home, mode)
    expect(() => loadDevice(home)).toThrow('others may write')
    expect(() => checkHome(home)).toThrow(expect.objectContaining({ next: `run: chmod 700 '${home}'` }))
  })

  it('is not taken for another device, or from a broken file, and the file is never quoted', () => {
    const { home, key } = keptHome()
    keepKey(home, makeKey())
    const next = 'enrol the device again with --replace'
    expect(caught(() => loadDevice(home))).toMatchObject({ code: 'not_enrolled', message: `the key in \`${home}\` is not the one that was enrolled`, next })
    const { d } = key.privateKey.export({ format: 'jwk' })
    writeFileSync(keyPath(home), `{"kty":"EC","d":"${d}"`)
    const fault = caught(() => loadKey(home))
    expect(`${fault.stack} ${String(fault.cause)}`).toContain('is not a device key')
    expect(`${fault.stack} ${String(fault.cause)}`).not.toContain(d)
  })

  it('is absent, as is the device, in an empty folder', () => {
    const home = freshHome()
    mkdirSync(home)
    expect(loadKey(home)).toBeNull()
    expect(loadDevice(home)).toBeNull()
  })
})

describe("the connector's folder", () => {
  it.each([
    ['linux', {}, '/home/amara/.config'],
    ['linux', { XDG_CONFIG_HOME: '/cfg' }, '/cfg'],
    ['linux', { XDG_CONFIG_HOME: 'relative' }, '/home/amara/.config'],
    ['darwin', { XDG_CONFIG_HOME: '/cfg' }, '/home/amara/Library/Application Support'],
    ['win32', { APPDATA: '/profile/Roaming' }, '/profile/Roaming'],
    ['win32', {}, '/home/amara/AppData/Roaming'],
  ] as const)('on %s with %j lies in %s', (platform, env, folder) => {
    const machine = { platform, env, homedir: '/home/amara' }
    expect(settingsFolder(machine)).toBe(folder)
    expect(homeFolder(machine)).toBe(join(folder, 'gatehouse'))
    expect(homeFolder(machine, '/elsewhere')).toBe('/elsewhere')
  })
})
