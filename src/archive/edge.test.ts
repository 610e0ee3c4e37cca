import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../base/bytes.ts'
import { EMPTY_FRONTIER, extend, rootOf } from '../log/frontier.ts'
import { leafHash } from '../log/leaf.ts'
import { hashTile, levelAbove } from '../log/tile.ts'
import { type Edge, EMPTY_EDGE, edgeRoot, fullTiles, grow, levelsOf, partialTiles, type Tile, tileRoot } from './edge.ts'
import { tileBytes } from './tile-object.ts'

const LEAVES = Array.from({ length: 3000 }, (_, i) => leafHash(utf8(`leaf ${i}`)))

describe('the edge of a tree', () => {
  it('keeps no more alive of a full tile than the hash that stands for it', () => {
    const root = tileRoot(LEAVES.slice(0, 256))
    expect(toHex(root)).toBe(toHex(rootOf(extend(EMPTY_FRONTIER, LEAVES.slice(0, 256)))))
    expect(root.buffer.byteLength).toBe(32)
  })

  it('makes the same root as the frontier, and the same tiles as all hashes of a level, however it grew', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 8 }), (parts) => {
        let edge: Edge = EMPTY_EDGE
        const tiles: Tile[] = []
        for (const part of parts) {
          const grown = grow(edge, LEAVES.slice(edge.size, edge.size + part))
          edge = grown.edge
          tiles.push(...grown.full)
        }
        const leaves = LEAVES.slice(0, edge.size)
        expect(toHex(edgeRoot(edge))).toBe(toHex(rootOf(extend(EMPTY_FRONTIER, leaves))))
        const all = [...tiles, ...partialTiles(edge)]
        for (const { level, index, hashes } of all) {
          const expected = hashTile(level === 0 ? leaves : levelAbove(leaves), index)
          expect(level).toBeLessThan(2)
          expect(toHex(tileBytes(hashes))).toBe(toHex(expected ?? new Uint8Array(0)))
        }
        const counted = [0, 1].map((level) => all.filter((tile) => tile.level === level).length)
        expect(counted).toEqual([Math.ceil(leaves.length / 256), leaves.length >= 256 ? 1 : 0])
      }),
      { numRuns: 40 },
    )
  })

  it.each([
    [0, 0, 0],
    [1, 1, 0],
    [255, 1, 0],
    [256, 2, 1],
    [257, 2, 1],
    [65_535, 2, 255],
    [65_536, 3, 256],
    [70_000, 3, 273],
    [2 ** 40, 6, 2 ** 32],
    [2 ** 53 - 1, 7, 2 ** 45 - 1],
  ])('of %d leaves has %d levels and %d full tiles of leaves', (size, levels, full) => {
    expect([levelsOf(size), fullTiles(size, 0)]).toEqual([levels, full])
  })
})
