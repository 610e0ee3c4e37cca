import { sameBytes } from '../base/bytes.ts'
import { lru } from '../base/lru.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { leafHash } from '../log/leaf.ts'
import { TILE_WIDTH } from '../log/tile.ts'
import { fullTiles, tileRoot } from './edge.ts'
import type { Objects } from './objects.ts'
import type { Published } from './published.ts'
import { type ArchiveRefusal, brokenArchive } from './refusal.ts'
import { readEntries, readTile } from './tile-object.ts'

/** Tiles above the leaves kept at hand: a walk in order reads each once. */
const TILES_KEPT = 16

type Hashes = Outcome<readonly Uint8Array[], ArchiveRefusal>

/** What an archive holds under one verified checkpoint: whatever comes out was followed up to its root, whoever keeps the archive. */
export type VerifiedTiles = {
  /** All hashes of the tile that the checkpoint's tree has there. Throws beyond the tree. */
  readonly tile: (level: number, index: number) => Promise<Hashes>
  /** All entries of the bundle that the checkpoint's tree has there, each the one of its leaf hash. */
  readonly entries: (index: number) => Promise<Hashes>
}

export function verifiedTiles(objects: Pick<Objects, 'get'>, { edge }: Published): VerifiedTiles {
  const kept = lru<string, readonly Uint8Array[]>(TILES_KEPT)

  async function tile(level: number, index: number): Promise<Hashes> {
    const full = fullTiles(edge.size, level)
    // The last tile of a level is of the edge, whose root was compared with the checkpoint's.
    const last = edge.levels[level]
    if (index === full && last !== undefined && last.length > 0) return done(last)
    if (!Number.isSafeInteger(index) || index < 0 || index >= full) throw new Error(`a tree of ${edge.size} has no tile ${index} at level ${level}`)
    const key = `${level}/${index}`
    const held = kept.get(key)
    if (held) return done(held)
    const above = await tile(level + 1, Math.floor(index / TILE_WIDTH))
    if (!above.ok) return above
    const read = await readTile(objects, level, index, TILE_WIDTH)
    if (!read.ok) return read
    if (read.value === null) return refuse(brokenArchive(`tile ${index} of level ${level} is gone from the archive`))
    if (!sameBytes(tileRoot(read.value), above.value[index % TILE_WIDTH] ?? new Uint8Array(0)))
      return refuse(brokenArchive(`tile ${index} of level ${level} in the archive is not the one under the checkpoint of size ${edge.size}`))
    kept.set(key, read.value)
    return done(read.value)
  }

  async function entries(index: number): Promise<Hashes> {
    const leaves = await tile(0, index)
    if (!leaves.ok) return leaves
    const read = await readEntries(objects, index, leaves.value.length)
    if (!read.ok) return read
    if (read.value === null) return refuse(brokenArchive(`the entries from ${index * TILE_WIDTH} on are gone from the archive`))
    const wrong = read.value.findIndex((entry, i) => !sameBytes(leafHash(entry), leaves.value[i] ?? new Uint8Array(0)))
    return wrong < 0 ? done(read.value) : refuse(brokenArchive(`entry ${index * TILE_WIDTH + wrong} in the archive is not the one that was signed`))
  }

  return { tile, entries }
}
