import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keyChangeInFile, keyChangeOf } from './next-key.ts'
import { masterKeyFrom } from './vault.ts'

const [OLD, NEXT] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')]

let keys: string
let file: string
beforeEach(() => {
  keys = mkdtempSync(join(tmpdir(), 'gatehouse-next-key-'))
  file = join(keys, 'vault')
})
afterEach(() => rmSync(keys, { recursive: true, force: true }))

const keep = (name: string, text: string): void => writeFileSync(join(keys, name), text, { mode: 0o600 })
const read = (name: string): string => readFileSync(join(keys, name), 'utf8')
/** Which secret a master key is made of, by what it wraps. */
const isMadeOf = async (master: ReturnType<typeof masterKeyFrom> | null, text: string): Promise<boolean> =>
  master !== null && (await masterKeyFrom(text).unwrap(await master.wrap(randomBytes(32), 'c'), 'c')) !== null

describe('a master key in a file', () => {
  it('has the next one beside it before anything is wrapped by that, for its owner alone', async () => {
    keep('vault', OLD)
    const change = keyChangeInFile(file)
    expect([await isMadeOf(change.old(), OLD), change.begun(), readdirSync(keys)]).toEqual([true, null, ['vault']])
    expect(await isMadeOf(change.make(), read('vault.next'))).toBe(true)
    expect(await isMadeOf(change.begun(), read('vault.next'))).toBe(true)
    expect(Buffer.from(read('vault.next'), 'base64url')).toHaveLength(32)
    expect([readdirSync(keys).toSorted(), statSync(join(keys, 'vault.next')).mode & 0o777]).toEqual([['vault', 'vault.next'], 0o600])
  })

  it('has the next one in its place in the end, and the old one nowhere', async () => {
    keep('vault', OLD)
    const change = keyChangeInFile(file)
    change.make()
    const next = read('vault.next')
    await change.settle()
    expect([readdirSync(keys), read('vault')]).toEqual([['vault'], next])
  })

  it.each([
    ['before anything was exchanged', { vault: OLD, 'vault.next': NEXT }],
    ['while the old one was overwritten', { vault: `\0\0\0\0${OLD.slice(4)}`, 'vault.next': NEXT }],
    ['before the next one had its name', { vault: '\0'.repeat(OLD.length), 'vault.next': NEXT }],
    ['and somebody took the rest of the old one away', { 'vault.next': NEXT }],
  ])('keeps to the next one where a run broke off %s', async (_, left) => {
    for (const [name, text] of Object.entries(left)) keep(name, text)
    const change = keyChangeInFile(file)
    expect(await isMadeOf(change.begun(), NEXT)).toBe(true)
    await change.settle()
    expect([readdirSync(keys), read('vault')]).toEqual([['vault'], NEXT])
  })

  it('never takes one that a run before left without it having counted, and leaves none when dropped', async () => {
    keep('vault', OLD)
    keep('vault.next', NEXT)
    const change = keyChangeInFile(file)
    expect([await isMadeOf(change.make(), NEXT), read('vault.next') === NEXT]).toEqual([false, false])
    change.drop()
    expect([readdirSync(keys), read('vault'), change.begun()]).toEqual([['vault'], OLD, null])
    change.drop()
  })

  it.each(['vault', 'vault.next'])('is not changed where `%s` is a link, whose file lies elsewhere', (name) => {
    keep('vault', OLD)
    keep('vault.next', NEXT)
    renameSync(join(keys, name), join(keys, 'elsewhere'))
    symlinkSync('elsewhere', join(keys, name))
    expect(() => keyChangeInFile(file)).toThrow(expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(`${name} is a link`) }))
    expect([read('vault'), read('vault.next')]).toEqual([OLD, NEXT])
  })

  it('is not made where there is none', () => {
    expect(() => keyChangeInFile(file)).toThrow(expect.objectContaining({ code: 'config_invalid', message: `there is no master key in ${file}` }))
    expect(readdirSync(keys)).toEqual([])
  })
})

describe('a master key in the environment', () => {
  const both = { GATEHOUSE_VAULT_KEY: OLD, GATEHOUSE_VAULT_KEY_NEXT: NEXT }

  it('is followed by the one that the operator gives, and writes nothing', async () => {
    const change = keyChangeOf({ keys }, both)
    expect([await isMadeOf(change.old(), OLD), await isMadeOf(change.make(), NEXT)]).toEqual([true, true])
    change.drop()
    await change.settle()
    expect(readdirSync(keys)).toEqual([])
    expect(change.left.join('\n')).toMatch(/GATEHOUSE_VAULT_KEY has to be what GATEHOUSE_VAULT_KEY_NEXT is[\s\S]*destroy the old master key now/)
  })

  it('need not be told any more once the next one counts', async () => {
    const change = keyChangeOf({ keys }, { GATEHOUSE_VAULT_KEY_NEXT: NEXT })
    expect(await isMadeOf(change.begun(), NEXT)).toBe(true)
    expect(() => change.old()).toThrow(expect.objectContaining({ code: 'config_invalid', message: 'GATEHOUSE_VAULT_KEY is not set: the master key until now' }))
  })

  it.each([
    ['no next one', { GATEHOUSE_VAULT_KEY: OLD }, 'GATEHOUSE_VAULT_KEY_NEXT is not set'],
    ['the old one again', { ...both, GATEHOUSE_VAULT_KEY_NEXT: OLD }, 'GATEHOUSE_VAULT_KEY_NEXT is the master key until now'],
    ['the old one spelt otherwise', { ...both, GATEHOUSE_VAULT_KEY_NEXT: `${OLD}=\n` }, 'GATEHOUSE_VAULT_KEY_NEXT is the master key until now'],
    ['one of 23 bytes', { ...both, GATEHOUSE_VAULT_KEY_NEXT: randomBytes(23).toString('base64url') }, 'too short to be one'],
  ])('is not followed by %s', (_, environment, message) => {
    expect(() => keyChangeOf({ keys }, environment)).toThrow(expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(message) }))
  })

  it('may be followed by one of 24 bytes', () => {
    expect(keyChangeOf({ keys }, { ...both, GATEHOUSE_VAULT_KEY_NEXT: randomBytes(24).toString('base64url') }).left).toHaveLength(3)
  })

  it.each([
    ['vault', both],
    ['vault.next', both],
    ['vault', { GATEHOUSE_VAULT_KEY_NEXT: NEXT }],
  ])('is not changed beside a file that would not be: %s', (name, environment) => {
    keep(name, OLD)
    expect(() => keyChangeOf({ keys }, environment)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining('is told twice') }),
    )
    expect([readdirSync(keys), read(name)]).toEqual([[name], OLD])
  })
})
