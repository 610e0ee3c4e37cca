import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EMPTY_FRONTIER, extend } from '../log/frontier.ts'
import { leafHash } from '../log/leaf.ts'
import { openSignerKey } from './key.ts'
import { openSignerMemory } from './signer-memory.ts'

const ONE = extend(EMPTY_FRONTIER, [leafHash(Buffer.from('one'))])

let folder: string
let keyPath: string
let statePath: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-memory-'))
  keyPath = join(folder, 'journal.key')
  statePath = join(folder, 'journal.signed')
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = (neverSigned = false) => openSignerMemory({ keyPath, statePath, neverSigned })
const makeKey = () => openSignerKey({ path: keyPath, origin: 'gatehouse.test/log', random: randomBytes })

describe('openSignerMemory', () => {
  it('begins with nothing signed before there is a key, and goes on from there', async () => {
    expect((await (await open()).load())?.size).toBe(0)
    expect(existsSync(keyPath)).toBe(false)
    // Also after a crash right here.
    await open()
    await makeKey()
    const memory = await open()
    expect((await memory.load())?.size).toBe(0)
    await memory.save(ONE)
    expect((await (await open()).load())?.size).toBe(1)
  })

  it('does not begin anew where a key stands and its memory is gone, and leaves all as it is', async () => {
    await (await open()).save(ONE)
    await makeKey()
    rmSync(statePath)
    const before = readFileSync(keyPath, 'utf8')
    for (let times = 0; times < 2; times++)
      await expect(open()).rejects.toMatchObject({
        code: 'config_invalid',
        message: `the signer's key stands, and its memory \`${statePath}\` is gone: it may have signed what it no longer knows`,
        next: expect.stringContaining('--never-signed'),
      })
    expect(existsSync(statePath)).toBe(false)
    expect(readFileSync(keyPath, 'utf8')).toBe(before)
  })

  it('begins anew there once a person says so, and forgets nothing when that is said for ever', async () => {
    await makeKey()
    const memory = await open(true)
    expect((await memory.load())?.size).toBe(0)
    await memory.save(ONE)
    expect((await (await open(true)).load())?.size).toBe(1)
  })

  it('makes no second key for a memory of what was signed', async () => {
    await (await open()).save(ONE)
    await expect(open()).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringContaining(`its key is not at \`${keyPath}\``) })
    expect(readdirSync(folder)).toEqual(['journal.signed'])
  })

  it.each([true, false])('does not take a memory that cannot be read for none, --never-signed: %s', async (neverSigned) => {
    await makeKey()
    writeFileSync(statePath, '')
    await expect(open(neverSigned)).rejects.toMatchObject({ code: 'journal_broken' })
    expect(readFileSync(statePath, 'utf8')).toBe('')
  })
})
