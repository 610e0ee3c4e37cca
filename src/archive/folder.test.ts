import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { folderObjects } from './folder.ts'
import { objectsContract, valueOf } from './objects.contract.ts'

const fresh = (): string => mkdtempSync(join(tmpdir(), 'gatehouse-folder-'))

describe('a folder', () => {
  objectsContract(() => {
    const root = fresh()
    return Promise.resolve({
      objects: folderObjects(root),
      other: folderObjects(root),
      close: () => Promise.resolve(rmSync(root, { recursive: true, force: true })),
    })
  })

  let root = ''
  beforeEach(() => {
    root = fresh()
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  it('lays files at the very paths, readable by all whatever the umask, and leaves no draft', async () => {
    const before = process.umask(0o077)
    try {
      valueOf(await folderObjects(root).put('tile/entries/x001/x234/067.p/112', utf8('bundle')))
    } finally {
      process.umask(before)
    }
    const path = join(root, 'tile/entries/x001/x234/067.p/112')
    expect(readFileSync(path, 'utf8')).toBe('bundle')
    expect(statSync(path).mode & 0o777).toBe(0o644)
    expect(readdirSync(join(root, '.drafts'))).toEqual([])
  })

  it('makes the root and all above it', async () => {
    valueOf(await folderObjects(join(root, 'deep/er/journal')).put('checkpoint', utf8('note')))
    expect(readFileSync(join(root, 'deep/er/journal/checkpoint'), 'utf8')).toBe('note')
  })

  it('clears the drafts of a writer that died an hour ago, and not those of one that may live', async () => {
    mkdirSync(join(root, '.drafts'))
    for (const name of ['dead', 'alive']) writeFileSync(join(root, '.drafts', name), 'half')
    const hourAgo = Date.now() / 1000 - 3700
    utimesSync(join(root, '.drafts/dead'), hourAgo, hourAgo)
    valueOf(await folderObjects(root).put('checkpoint', utf8('note')))
    expect(readdirSync(join(root, '.drafts'))).toEqual(['alive'])
    expect(valueOf(await folderObjects(root).list('', ''))).toEqual(['checkpoint'])
  })

  it('shows whole objects only, whenever its writer was killed, and takes up where that ended', async () => {
    const writer = `
      const { folderObjects } = await import(${JSON.stringify(join(import.meta.dirname, 'folder.ts'))})
      const objects = folderObjects(process.argv[1])
      for (let i = 0; ; i++) {
        const put = await objects.put('tile/0/' + String(i).padStart(4, '0'), new Uint8Array(300_000).fill(i % 256))
        if (!put.ok) throw new Error(put.refusal.detail)
        if (i > 0) await objects.put('checkpoint', new Uint8Array(300_000).fill(i % 256))
      }`
    let seen = 0
    const written = () => (existsSync(join(root, 'tile/0')) ? readdirSync(join(root, 'tile/0')).length : 0)
    for (let kill = 0; kill < 8; kill++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', writer, root], { stdio: 'ignore' })
      const ended = once(child, 'exit')
      await vi.waitFor(() => expect(written()).toBeGreaterThan(seen + 2), { timeout: 10_000, interval: 1 })
      await new Promise((next) => setTimeout(next, kill))
      child.kill('SIGKILL')
      await ended
      const objects = folderObjects(root)
      const paths = valueOf(await objects.list('', ''))
      for (const path of paths) {
        const bytes = valueOf(await objects.get(path))
        expect(bytes?.length).toBe(300_000)
        expect(new Set(bytes).size).toBe(1)
      }
      expect(paths.length).toBeGreaterThanOrEqual(seen)
      seen = paths.length
    }
    expect(seen).toBeGreaterThan(20)
  })

  it('removes the folder of the last partial tile', async () => {
    const objects = folderObjects(root)
    valueOf(await objects.put('tile/0/000.p/7', utf8('x')))
    valueOf(await objects.removePartial('tile/0/000.p/7'))
    expect(readdirSync(join(root, 'tile/0'))).toEqual([])
  })

  it('says what does not work, and where, and leaves nothing behind', async () => {
    writeFileSync(join(root, 'tile'), 'a file where a folder should be')
    const refused = await folderObjects(root).put('tile/0/000', utf8('x'))
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'failed', detail: expect.stringContaining(root) } })
    expect(readdirSync(join(root, '.drafts'))).toEqual([])
  })

  it.skipIf(process.getuid?.() === 0)('refuses what the operating system denies (skipped aloud as root, whom nothing is denied)', async () => {
    chmodSync(root, 0o500)
    expect(await folderObjects(root).put('checkpoint', utf8('x'))).toMatchObject({ ok: false, refusal: { code: 'denied' } })
    expect(valueOf(await folderObjects(root).get('checkpoint'))).toBeNull()
  })
})
