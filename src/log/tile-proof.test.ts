import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../base/bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import { openCheckpoint } from './checkpoint.ts'
import { EMPTY_FRONTIER, extend, rootOf } from './frontier.ts'
import { leafHash, nodeHash } from './leaf.ts'
import type { VerifierKey } from './note-key.ts'
import { parseVkey } from './note-key.ts'
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from './proof.ts'
import { hashTile, levelAbove, tilePath } from './tile.ts'
import type { ReadTile } from './tile-proof.ts'
import { tileProver } from './tile-proof.ts'

const MOST = 66_100
const LEAVES = Array.from({ length: MOST }, (_, i) => leafHash(Buffer.from(String(i))))
const LEVELS = [LEAVES, levelAbove(LEAVES), levelAbove(levelAbove(LEAVES))]
const ROOTS = new Map<number, Uint8Array>()
function rootAt(size: number): Uint8Array {
  const root = ROOTS.get(size) ?? rootOf(extend(EMPTY_FRONTIER, LEAVES.slice(0, size)))
  ROOTS.set(size, root)
  return root
}
const at = (size: number) => ({ size, root: rootAt(size) })

/** The tiles of a log of `size` leaves as a writer leaves them: full ones, and the last partial one of each level. `reads` counts. */
function folder(size: number) {
  const asked: string[] = []
  const tiles = new Map<string, Uint8Array>()
  LEVELS.forEach((hashes, level) => {
    const have = hashes.slice(0, Math.floor(size / 256 ** level))
    for (let index = 0; index * 256 < have.length; index++) {
      const tile = hashTile(have, index) as Uint8Array
      tiles.set(tilePath(level, index, tile.length / 32), tile)
    }
  })
  const read: ReadTile = async (level, index, width) => {
    asked.push(tilePath(level, index, width))
    return tiles.get(tilePath(level, index, width)) ?? null
  }
  return { asked, tiles, read }
}

/** Proofs as text: a Buffer and an array of the same bytes are the same hash. */
const plain = (proven: unknown): unknown =>
  proven instanceof Uint8Array
    ? toHex(proven)
    : Array.isArray(proven)
      ? proven.map(plain)
      : proven !== null && typeof proven === 'object'
        ? Object.fromEntries(Object.entries(proven).map(([name, value]) => [name, plain(value)]))
        : proven
const inclusionAt = (size: number, index: number) => plain({ ok: true, value: { leaf: LEAVES[index], proof: inclusionProof(LEAVES.slice(0, size), index) } })
const consistencyAt = (size: number, old: number) => plain({ ok: true, value: { oldRoot: rootAt(old), proof: consistencyProof(LEAVES.slice(0, size), old) } })

const aroundBoundaries = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 250, max: 262 }),
  fc.integer({ min: 500, max: 1030 }),
  fc.integer({ min: 65_500, max: 65_540 }),
  fc.integer({ min: 65_790, max: 65_794 }),
  fc.integer({ min: 1, max: MOST }),
)

describe('proofs from tiles', () => {
  it('are those from the leaves, at sizes around every boundary, in two reads a level', async () => {
    await fc.assert(
      fc.asyncProperty(aroundBoundaries, fc.nat(), fc.nat(), async (size, pick, older) => {
        const [index, oldSize] = [pick % size, 1 + (older % size)]
        const { asked, read } = folder(size)
        const levels = size > 65_536 ? 3 : size > 256 ? 2 : 1
        expect(plain(await tileProver(read).inclusion(index, at(size)))).toEqual(inclusionAt(size, index))
        expect(asked.length).toBeLessThanOrEqual(2 * levels)
        asked.length = 0
        expect(plain(await tileProver(read).consistency(oldSize, at(size)))).toEqual(consistencyAt(size, oldSize))
        expect(asked.length).toBeLessThanOrEqual(2 * levels)
      }),
      { numRuns: 24 },
    )
  }, 60_000)

  it('are those from the leaves for every index and older size of small trees, out of one memory', async () => {
    for (const size of [1, 2, 3, 255, 256, 257]) {
      const { asked, read } = folder(size)
      const prover = tileProver(read)
      for (let n = 0; n < size; n += size > 3 ? 7 : 1) {
        expect(plain(await prover.inclusion(n, at(size)))).toEqual(inclusionAt(size, n))
        expect(plain(await prover.consistency(n + 1, at(size)))).toEqual(consistencyAt(size, n + 1))
      }
      expect(new Set(asked).size).toBe(asked.length)
    }
  })

  it('of a log of 2^53 - 1 alike entries verify, in fourteen reads', async () => {
    // The tree of alike leaves has one hash for each height.
    const heights = [leafHash(new Uint8Array())]
    for (let height = 1; height <= 53; height++) heights.push(nodeHash(heights[height - 1] as Uint8Array, heights[height - 1] as Uint8Array))
    let reads = 0
    const read: ReadTile = async (level, _, width) => {
      reads += 1
      return new Uint8Array(Buffer.concat(Array.from({ length: width }, () => heights[8 * level] as Uint8Array)))
    }
    const size = Number.MAX_SAFE_INTEGER
    const root = rootOf({ size, roots: heights.slice(0, 53).toReversed() })
    const prover = tileProver(read, 0)
    for (const index of [0, 1, 2 ** 40 + 3, 2 ** 52, size - 1]) {
      reads = 0
      const proven = await prover.inclusion(index, { size, root })
      expect(proven.ok && verifyInclusion({ index, size, root, ...proven.value })).toBe(true)
      expect(reads).toBeLessThanOrEqual(14)
      const grown = await prover.consistency(index + 1, { size, root })
      expect(grown.ok && verifyConsistency({ oldSize: index + 1, size, root, ...grown.value })).toBe(true)
    }
  })

  it('of an empty older tree, and of the tree itself, are empty', async () => {
    const { asked, read } = folder(300)
    expect(await tileProver(read).consistency(0, at(300))).toEqual({ ok: true, value: { oldRoot: rootAt(0), proof: [] } })
    expect(asked).toEqual([])
    expect(await tileProver(read).consistency(300, at(300))).toEqual({ ok: true, value: { oldRoot: rootAt(300), proof: [] } })
    expect(await tileProver(read).consistency(0, at(0))).toEqual({ ok: true, value: { oldRoot: rootAt(0), proof: [] } })
  })

  it.each([
    [-1, 5, 'there is no entry -1 in a tree of 5'],
    [5, 5, 'there is no entry 5 in a tree of 5'],
    [0, 0, 'there is no entry 0 in a tree of 0'],
    [1.5, 5, 'there is no entry 1.5 in a tree of 5'],
  ])('are not made for entry %d of %d', async (index, size, refusal) => {
    const { asked, read } = folder(5)
    expect(await tileProver(read).inclusion(index, at(size))).toEqual({ ok: false, refusal })
    expect(await tileProver(read).consistency(6, at(5))).toEqual({ ok: false, refusal: 'there is no tree of 6 within one of 5' })
    expect(asked).toEqual([])
  })
})

describe('stored tiles', () => {
  it('may be full where they were partial', async () => {
    const { asked, read } = folder(65_536)
    expect(plain(await tileProver(read).inclusion(299, at(300)))).toEqual(inclusionAt(300, 299))
    expect(asked.toSorted()).toEqual(['tile/0/001', 'tile/0/001.p/44', 'tile/1/000', 'tile/1/000.p/1'])
  })

  it('that are missing or cut are named', async () => {
    const { tiles, read } = folder(300)
    tiles.delete('tile/1/000.p/1')
    expect(await tileProver(read).inclusion(299, at(300))).toEqual({ ok: false, refusal: '`tile/1/000.p/1` is missing' })
    tiles.set('tile/1/000.p/1', new Uint8Array(33))
    expect(await tileProver(read).inclusion(299, at(300))).toEqual({ ok: false, refusal: '`tile/1/000.p/1` holds 33 bytes, not 32' })
  })

  it('with any byte changed that a proof needs give none, and do so again once they are mended', async () => {
    const { tiles, read } = folder(300)
    const prover = tileProver(read)
    const good = await tileProver(read).inclusion(299, at(300))
    for (const [path, bytes] of [...tiles].filter(([name]) => name !== 'tile/0/000'))
      for (let byte = 0; byte < bytes.length; byte += 31) {
        tiles.set(path, bytes.with(byte, (bytes[byte] ?? 0) ^ 1))
        expect(await prover.inclusion(299, at(300))).toEqual({
          ok: false,
          refusal: 'the stored tiles do not lead from entry 299 to the root of the tree of 300',
        })
        expect(await prover.consistency(299, at(300))).toEqual({
          ok: false,
          refusal: 'the stored tiles do not lead from the tree of 299 to the root of that of 300',
        })
        tiles.set(path, bytes)
        expect(await tileProver(read).inclusion(299, at(300))).toEqual(good)
      }
    expect(await prover.inclusion(299, at(300))).toEqual(good)
  })

  it('that led to the root are read once, up to the memory given', async () => {
    const { asked, read } = folder(300)
    const [prover, forgetful] = [tileProver(read), tileProver(read, 1)]
    for (let n = 0; n < 4; n++) await prover.inclusion(n, at(300))
    expect(asked.length).toBe(2)
    for (let n = 0; n < 4; n++) await forgetful.inclusion(n, at(300))
    expect(asked.length).toBe(2 + 2 + 3)
  })

  it('that cannot be looked for stop the proof with that error', async () => {
    const prover = tileProver(() => Promise.reject(new Error('the disk is gone')))
    await expect(prover.inclusion(0, at(1))).rejects.toThrow('the disk is gone')
  })
})

const LOG = fileURLToPath(new URL('../../../shared/data/tlog/log', import.meta.url))
const present = existsSync(LOG)
if (!present) console.warn('SKIPPED: the 15-leaf log of transparency-dev/tessera is not beside this project (../shared/data/tlog)')

describe.skipIf(!present)('the tiles of transparency-dev/tessera (skipped aloud where they are absent)', () => {
  const KNOWN = parseVkey('example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx') as VerifierKey
  const checkpoint = (size: number) => openCheckpoint(readFileSync(join(LOG, `checkpoint.${size}`), 'utf8'), KNOWN) as Checkpoint
  const read: ReadTile = async (level, index, width) => {
    const path = join(LOG, tilePath(level, index, width))
    return existsSync(path) ? new Uint8Array(readFileSync(path)) : null
  }

  it('prove every entry in every tree, and every tree in every larger one, to its own checkpoints', async () => {
    const prover = tileProver(read)
    let proofs = 0
    for (let size = 1; size <= 15; size++) {
      const tree = checkpoint(size)
      for (let n = 0; n < size; n++) {
        const proven = await prover.inclusion(n, tree)
        expect(proven.ok && verifyInclusion({ index: n, ...tree, ...proven.value })).toBe(true)
        const older = checkpoint(n + 1)
        const grown = await prover.consistency(older.size, tree)
        expect(grown.ok && verifyConsistency({ oldSize: older.size, ...tree, proof: grown.value.proof, oldRoot: older.root })).toBe(true)
        proofs += 2
      }
    }
    expect(proofs).toBe(240)
  })
})
