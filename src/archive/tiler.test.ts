import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { drain, fingerprint, readWhole, refusalOf, tilerOf } from '../../test/support/archive.ts'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { smallObjects } from '../../test/support/small-objects.ts'
import { smallTable } from '../../test/support/small-table.ts'
import { cutTo, forge, rewrite } from '../../test/support/tamper.ts'
import { openCheckpoint } from '../log/checkpoint.ts'
import { leafHash } from '../log/leaf.ts'
import { parseVkey, signerKey } from '../log/note-key.ts'
import { decodeBundle } from '../log/tile.ts'
import { folderObjects } from './folder.ts'
import { objectsContract, valueOf } from './objects.contract.ts'
import type { Table } from './table.ts'
import { openTiler } from './tiler.ts'

describe('the objects these tests keep in memory', () => {
  objectsContract(() => {
    const store = new Map<string, Uint8Array>()
    return Promise.resolve({ objects: smallObjects(store), other: smallObjects(store), close: () => Promise.resolve() })
  })
})

describe('the tiler', () => {
  it('publishes nothing of a journal that nobody signed', async () => {
    const objects = smallObjects()
    const tiler = tilerOf(smallTable().append(300), objects)
    expect(tiler.size()).toBeNull()
    expect(valueOf(await tiler.advance())).toBeNull()
    expect([...objects.store.keys()]).toEqual([])
    expect(tiler.size()).toBe(0)
  })

  it('publishes the empty log when it was signed: a checkpoint and no tile', async () => {
    const objects = smallObjects()
    expect(valueOf(await tilerOf(smallTable().sign(), objects).advance())?.checkpoint.size).toBe(0)
    expect([...objects.store.keys()]).toEqual(['checkpoint'])
  })

  it.each([
    [1, ['tile/0/000.p/1', 'tile/entries/000.p/1']],
    [255, ['tile/0/000.p/255', 'tile/entries/000.p/255']],
    [256, ['tile/0/000', 'tile/1/000.p/1', 'tile/entries/000']],
    [257, ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1', 'tile/entries/000', 'tile/entries/001.p/1']],
    [512, ['tile/0/000', 'tile/0/001', 'tile/1/000.p/2', 'tile/entries/000', 'tile/entries/001']],
  ])('lays %d entries into the tiles that the specification names', async (size, paths) => {
    const objects = smallObjects()
    const table = smallTable().append(size).sign()
    await drain(tilerOf(table, objects))
    expect([...objects.store.keys()].toSorted()).toEqual(['checkpoint', ...paths])
    expect(await readWhole(objects, table.key)).toEqual(Array.from({ length: size }, (_, i) => `entry ${i}`))
  })

  it('lays 70,000 entries into the tiles of the specification’s own example', async () => {
    const objects = smallObjects()
    const table = smallTable().append(70_000).sign()
    await drain(tilerOf(table, objects))
    const paths = [...objects.store.keys()]
    const count = (pattern: RegExp) => paths.filter((path) => pattern.test(path)).length
    expect([count(/^tile\/0\/\d{3}$/), count(/^tile\/entries\/\d{3}$/), count(/^tile\/1\/\d{3}$/), count(/\.p\//)]).toEqual([273, 273, 1, 4])
    for (const path of ['tile/0/273.p/112', 'tile/entries/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1']) expect(paths).toContain(path)
    expect((await readWhole(objects, table.key)).at(-1)).toBe('entry 69999')
  })

  it('catches up in steps, each ending at a checkpoint, so that a crash repeats one step alone', async () => {
    const objects = smallObjects()
    const table = smallTable()
    for (let i = 0; i < 20; i++) table.append(100).sign()
    const sizes: number[] = []
    const tiler = openTiler({ table, objects, vkey: table.key, stepEntries: 650 })
    for (let step = valueOf(await tiler.advance()); step; step = valueOf(await tiler.advance())) sizes.push(step.checkpoint.size)
    expect(sizes).toEqual([700, 1400, 2000])
  })

  it('goes on from the archive alone, at every size, and ends with the same objects as in one go', async () => {
    const table = smallTable()
    const objects = smallObjects()
    for (const count of [1, 1, 253, 1, 1, 255, 300, 1000, 24, 512]) {
      table.append(count).sign()
      await drain(tilerOf(table, objects))
      expect((await readWhole(objects, table.key)).length).toBe(table.entries.length)
    }
    const once = smallObjects()
    await drain(tilerOf(table, once))
    const whole = (store: ReadonlyMap<string, Uint8Array>) => fingerprint(new Map([...store].filter(([path]) => !path.includes('.p/'))))
    expect(whole(objects.store)).toBe(whole(once.store))
  })

  it('keeps each partial tile until its full one stands and is published, then removes it', async () => {
    const table = smallTable()
    const objects = smallObjects()
    const tiler = tilerOf(table, objects)
    for (const count of [10, 20, 200]) {
      table.append(count).sign()
      await drain(tiler)
    }
    const partials = () => [...objects.store.keys()].filter((path) => path.includes('.p/')).toSorted()
    expect(partials()).toEqual([10, 30, 230].flatMap((w) => [`tile/0/000.p/${w}`, `tile/entries/000.p/${w}`]).toSorted())
    table.append(100).sign()
    objects.asked.length = 0
    await drain(tiler)
    expect(partials()).toEqual(['tile/0/001.p/74', 'tile/1/000.p/1', 'tile/entries/001.p/74'])
    const at = (path: string) => objects.asked.indexOf(path)
    expect(at('tile/0/000')).toBeLessThan(at('checkpoint'))
    expect(at('checkpoint')).toBeLessThan(at('tile/0/000.p/10'))
  })

  it('passes on that the database cannot be read, publishes nothing, and goes on once it can', async () => {
    const table = smallTable().append(3000).sign()
    const objects = smallObjects()
    let broken = true
    const flaky: Table = { ...table, read: (from, limit) => (broken && from >= 1024 ? Promise.reject(new Error('connection lost')) : table.read(from, limit)) }
    const tiler = openTiler({ table: flaky, objects, vkey: table.key })
    await expect(tiler.advance()).rejects.toThrow('connection lost')
    expect([...objects.store.keys()]).toEqual([])
    broken = false
    expect(valueOf(await tiler.advance())?.checkpoint.size).toBe(3000)
  })

  it('publishes the note with the cosignatures that were added, and throws on one that says something else', async () => {
    const table = smallTable().append(3).sign()
    const witness = signerKey('witness.test/one', new Uint8Array(32).fill(7))
    const line = '— witness.test/one AAAAAHNpZ25hdHVyZQ==\n'
    const objects = smallObjects()
    const stood: boolean[] = []
    const countersign = ({ note }: { note: string }) => {
      stood.push(objects.store.has('tile/0/000.p/3'), objects.store.has('checkpoint'))
      return Promise.resolve(`${note}${line}`)
    }
    expect(valueOf(await openTiler({ table, objects, vkey: table.key, countersign }).advance())?.note).toContain(witness.name)
    expect(stood).toEqual([true, false])
    const other = smallTable(table.key).append(3, 'other').sign()
    const wrong = openTiler({ table, objects: smallObjects(), vkey: table.key, countersign: () => Promise.resolve(other.signed[0]?.note ?? '') })
    await expect(wrong.advance()).rejects.toThrow('not the checkpoint that went')
  })
})

describe('cut at any put or removal, then begun anew', () => {
  it.each(['before', 'after'] as const)('%s it took effect, the archive is whole at once and ends as if nothing had been', async (moment) => {
    const table = smallTable()
    const sizes = [100, 700, 1300]
    const reference = smallObjects()
    for (const [i, size] of sizes.entries()) {
      table.append(size - (sizes[i - 1] ?? 0)).sign()
      await drain(tilerOf(table, reference))
    }
    const checkpoints = [...table.signed]
    const whole = fingerprint(reference.store)
    let cuts = 0
    for (let cut = 0; ; cut++) {
      const objects = smallObjects()
      let asked = 0
      let crashed = false
      objects.crash = () => {
        const now = asked++ >= cut
        crashed ||= now
        return now ? moment : null
      }
      for (let i = 0; i < checkpoints.length; i++) {
        table.signed.splice(0, table.signed.length, ...checkpoints.slice(0, i + 1))
        const outcome = await tilerOf(table, objects).advance()
        if (outcome.ok) continue
        cuts += 1
        // Whatever is published at this moment, a stranger can read to the last entry.
        const shown = await readWhole(objects, table.key)
        expect([0, ...sizes]).toContain(shown.length)
        expect(shown.length).toBeGreaterThanOrEqual(sizes[i - 1] ?? 0)
        objects.crash = () => null
        await drain(tilerOf(table, objects))
      }
      expect(fingerprint(objects.store)).toBe(whole)
      if (!crashed) break
    }
    expect(cuts).toBeGreaterThan(20)
  })
})

describe('over the real database into a real folder', () => {
  let fresh: FreshJournal | null = null
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-tiler-'))
  afterEach(async () => {
    await fresh?.close()
    rmSync(root, { recursive: true, force: true })
  })

  it('publishes what was signed, entry for entry, and refuses the same database rewritten or set back', async () => {
    fresh = await freshJournal()
    const objects = folderObjects(root)
    const tiler = openTiler({ table: fresh.store, objects, vkey: fresh.key })
    await fresh.fill(700)
    await fresh.sign()
    await drain(tiler)
    await fresh.fill(100)
    await fresh.sign()
    await drain(tiler)
    const checkpoint = openCheckpoint(readFileSync(join(root, 'checkpoint'), 'utf8'), fresh.key)
    expect(checkpoint?.size).toBe(800)
    const stored = await fresh.store.read(0, 1000)
    expect(await readWhole(objects, fresh.key)).toEqual(stored.map(({ body }) => Buffer.from(body).toString()))
    await rewrite(fresh, 780)
    await fresh.fill(10)
    await forge(fresh, 810, fresh.key)
    expect(await refusalOf(openTiler({ table: fresh.store, objects, vkey: fresh.key }))).toBe(
      'entry 780 in the table is not the one that was published: the journal was forked there',
    )
    await fresh.sql('delete from journal_checkpoint where size > 700')
    await cutTo(fresh, 700)
    expect(await refusalOf(openTiler({ table: fresh.store, objects, vkey: fresh.key }))).toContain('800 entries were published')
    expect(openCheckpoint(readFileSync(join(root, 'checkpoint'), 'utf8'), fresh.key)?.size).toBe(800)
  })
})

const TESSERA = join(import.meta.dirname, '../../../shared/data/tlog/log')
const there = existsSync(TESSERA)
if (!there) console.warn('SKIPPED: the log that Tessera wrote is not beside this project (../shared/data/tlog)')
it.skipIf(!there)('makes of Tessera’s entries and checkpoints the very files that Tessera made (skipped aloud where they are absent)', async () => {
  const vkey = parseVkey('example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx')
  if (vkey === null) throw new Error('the key does not parse')
  const bodies = decodeBundle(readFileSync(join(TESSERA, 'tile/entries/000.p/15'))) ?? []
  const entries = bodies.map((body, index) => ({ index, body, leaf: leafHash(body) }))
  const objects = smallObjects()
  for (let size = 1; size <= 15; size++) {
    const latest = { size, note: readFileSync(join(TESSERA, `checkpoint.${size}`), 'utf8') }
    const table: Table = {
      ...smallTable(),
      read: (from, limit) => Promise.resolve(entries.slice(from, from + limit)),
      latestCheckpoint: () => Promise.resolve(latest),
    }
    await drain(openTiler({ table, objects, vkey }))
  }
  const files = readdirSync(TESSERA, { recursive: true, withFileTypes: true }).filter((file) => file.isFile() && !file.name.startsWith('checkpoint.'))
  expect(files.length).toBe(31)
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name)
    expect(Buffer.from(objects.store.get(path.slice(TESSERA.length + 1)) ?? []).toString('hex')).toBe(readFileSync(path).toString('hex'))
  }
})
