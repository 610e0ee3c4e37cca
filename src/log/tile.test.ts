import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { sameBytes } from '../base/bytes.ts'
import { openCheckpoint } from './checkpoint.ts'
import { EMPTY_FRONTIER, extend, rootOf } from './frontier.ts'
import { leafHash } from './leaf.ts'
import type { VerifierKey } from './note-key.ts'
import { parseVkey } from './note-key.ts'
import { decodeBundle, encodeBundle, entriesPath, hashTile, levelAbove, parseTilePath, tilePath, tileWidth } from './tile.ts'

const text = (s: string) => new Uint8Array(Buffer.from(s))

describe('tile paths', () => {
  it.each([
    [0, 0, 256, 'tile/0/000'],
    [0, 0, 1, 'tile/0/000.p/1'],
    [0, 273, 112, 'tile/0/273.p/112'],
    [1, 999, 255, 'tile/1/999.p/255'],
    [2, 1000, 256, 'tile/2/x001/000'],
    [63, 1_234_067, 256, 'tile/63/x001/x234/067'],
  ])('of level %d, index %d, width %d is %s', (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path)
    expect(entriesPath(index, width)).toBe(path.replace(/tile\/\d+/, 'tile/entries'))
    expect(parseTilePath(path)).toEqual({ level, index, width })
    expect(parseTilePath(entriesPath(index, width))).toEqual({ level: 'entries', index, width })
  })

  it.each([
    [64, 0, 256],
    [-1, 0, 256],
    [0, -1, 256],
    [0, 0, 0],
    [0, 0, 257],
    [0, 0.5, 256],
  ])('are not made for level %d, index %d, width %d', (level, index, width) => {
    expect(() => tilePath(level, index, width)).toThrow('is not within')
  })
})

describe('parseTilePath', () => {
  it.each([
    'tile/0/0',
    'tile/0/00',
    'tile/0/0000',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/000/001',
    'tile/0/x000/001',
    'tile/0/x001/x002',
    'tile/0/x001000',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/999',
    'tile/0/000.p',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/../000',
    'tile/0/000\n',
    'tile/x/000',
    'tile/data/000',
    'tile/entries',
    'checkpoint',
    '',
  ])('takes %j for no tile', (path) => {
    expect(parseTilePath(path)).toBeNull()
  })
})

describe('hash tiles', () => {
  it.each([
    [0, 272, 70_000, 256],
    [0, 273, 70_000, 112],
    [0, 274, 70_000, 0],
    [1, 0, 70_000, 256],
    [1, 1, 70_000, 17],
    [2, 0, 70_000, 1],
    [3, 0, 70_000, 0],
    [0, 1, 256, 0],
    [1, 0, 256, 1],
    [0, 0, 0, 0],
    [6, 31, 2 ** 53 - 1, 0],
    [6, 0, 2 ** 53 - 1, 31],
  ])('of level %d, index %d in a tree of %d are %d wide', (level, index, size, width) => {
    expect(tileWidth(level, index, size)).toBe(width)
  })

  it('of 70,000 leaves are those the specification counts', () => {
    const levels: (readonly Uint8Array[])[] = [Array.from({ length: 70_000 }, (_, i) => leafHash(text(String(i))))]
    for (let top = levels[0] ?? []; top.length >= 256; top = levels.at(-1) ?? []) levels.push(levelAbove(top))
    expect(levels.map((level) => [Math.floor(level.length / 256), level.length % 256])).toEqual([
      [273, 112],
      [1, 17],
      [0, 1],
    ])
    // The one hash on level 2 covers the first 65,536 leaves.
    expect(levels[2]?.[0]).toEqual(rootOf(extend(EMPTY_FRONTIER, (levels[0] ?? []).slice(0, 65_536))))
    expect(hashTile(levels[0] ?? [], 273)?.length).toBe(112 * 32)
    expect(hashTile(levels[0] ?? [], 0)?.length).toBe(8192)
    expect(hashTile(levels[0] ?? [], 274)).toBeNull()
  })
})

describe('entry bundles', () => {
  it('hold entries behind their lengths, as published', () => {
    const bundle = encodeBundle(['one', 'two', 'three'].map(text))
    expect(Buffer.from(bundle).toString('hex')).toBe('00036f6e65000374776f00057468726565')
    expect(decodeBundle(bundle)?.map((entry) => Buffer.from(entry).toString())).toEqual(['one', 'two', 'three'])
  })

  it('hold an entry of 65,535 bytes and an empty one, and none of 65,536', () => {
    const entries = [new Uint8Array(65_535).fill(1), new Uint8Array(0)]
    expect(decodeBundle(encodeBundle(entries))).toEqual(entries)
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow('is not within')
  })

  it.each([
    ['nothing', []],
    ['half a length', [0]],
    ['a short entry', [0, 2, 1]],
    ['a byte after the last', [0, 1, 1, 0]],
    ['257 entries', Array.from({ length: 514 }, () => 0)],
  ])('are not read with %s', (_, bytes) => {
    expect(decodeBundle(new Uint8Array(bytes))).toBeNull()
  })
})

const LOG = fileURLToPath(new URL('../../../shared/data/tlog/log', import.meta.url))
const present = existsSync(LOG)
if (!present) console.warn('SKIPPED: the 15-leaf log of transparency-dev/tessera is not beside this project (../shared/data/tlog)')

describe.skipIf(!present)('the log of transparency-dev/tessera (skipped aloud where it is absent)', () => {
  const KNOWN = parseVkey('example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx') as VerifierKey
  const file = (path: string) => new Uint8Array(readFileSync(join(LOG, path)))
  const entries = present ? (decodeBundle(file(entriesPath(0, 15))) ?? []) : []
  const leaves = entries.map(leafHash)

  it('has a verified checkpoint with our root at every size', () => {
    for (let size = 0; size <= 15; size++) {
      const checkpoint = openCheckpoint(readFileSync(join(LOG, `checkpoint.${size}`), 'utf8'), KNOWN)
      expect(checkpoint).toMatchObject({ origin: KNOWN.name, size })
      expect(sameBytes(checkpoint?.root ?? text(''), rootOf(extend(EMPTY_FRONTIER, leaves.slice(0, size))))).toBe(true)
    }
    expect(openCheckpoint(readFileSync(join(LOG, 'checkpoint'), 'utf8'), KNOWN)?.size).toBe(15)
  })

  it('has our tiles and bundles, byte for byte', () => {
    const paths = readdirSync(join(LOG, 'tile'), { recursive: true, encoding: 'utf8' }).filter((path) => /\/\d+$/.test(path))
    for (let width = 1; width <= 15; width++) {
      expect(file(tilePath(0, 0, width))).toEqual(new Uint8Array(hashTile(leaves.slice(0, width), 0) ?? []))
      expect(file(entriesPath(0, width))).toEqual(new Uint8Array(encodeBundle(entries.slice(0, width))))
    }
    expect(paths.length).toBe(30)
  })
})
