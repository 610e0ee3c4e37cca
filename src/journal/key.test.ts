import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SignerKey } from '../log/note-key.ts'
import { formatSkey, formatVkey, parseSkey, parseVkey } from '../log/note-key.ts'
import { openSignerKey, readVkey, vkeyPath } from './key.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-key-'))
  path = join(folder, 'signer.key')
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = (origin = 'gatehouse.test/log') => openSignerKey({ path, origin, random: randomBytes })

describe('openSignerKey', () => {
  it('makes a key that only its owner can read, and the verifier key beside it', async () => {
    const key = await open()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(vkeyPath(path)).mode & 0o777).toBe(0o644)
    expect(formatSkey(parseSkey(readFileSync(path, 'utf8').trimEnd()) as SignerKey)).toBe(formatSkey(key))
    expect(parseVkey(readFileSync(vkeyPath(path), 'utf8').trimEnd())?.publicKey).toEqual(key.publicKey)
    expect(formatVkey(await readVkey(vkeyPath(path)))).toBe(formatVkey(key))
    expect(readdirSync(folder).toSorted()).toEqual(['signer.key', 'signer.key.vkey'])
  })

  it('gives the same key ever after, also to several who are first at once', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => open()))
    expect(new Set([...keys, await open()].map(formatVkey)).size).toBe(1)
    expect(readdirSync(folder).length).toBe(2)
  })

  it('writes the verifier key again when it is gone or another', async () => {
    const key = await open()
    writeFileSync(vkeyPath(path), 'another\n')
    await open()
    expect(readFileSync(vkeyPath(path), 'utf8')).toBe(`${formatVkey(key)}\n`)
  })

  it.each([
    ['another log', () => undefined, 'another.test/log', "the signer's key is that of gatehouse.test/log, not of another.test/log"],
    ['a file others can read', () => chmodSync(path, 0o640), 'gatehouse.test/log', "the signer's key file can be read by other users"],
    ['half a key', () => writeFileSync(path, readFileSync(path, 'utf8').slice(0, 40)), 'gatehouse.test/log', "the signer's key file holds no key of that kind"],
  ])('faults for %s, and leaves the file as it is', async (_, spoil, origin, message) => {
    await open()
    spoil()
    const before = readFileSync(path, 'utf8')
    await expect(open(origin)).rejects.toMatchObject({ code: 'config_invalid', message })
    expect(readFileSync(path, 'utf8')).toBe(before)
  })
})

describe('readVkey', () => {
  it('faults where there is none', async () => {
    await expect(readVkey(vkeyPath(path))).rejects.toMatchObject({ code: 'config_invalid', message: "the journal's verifier key cannot be read" })
    writeFileSync(vkeyPath(path), 'nothing of the kind')
    await expect(readVkey(vkeyPath(path))).rejects.toMatchObject({ code: 'config_invalid', message: 'that file holds no verifier key' })
  })
})
