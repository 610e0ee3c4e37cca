import { EMPTY_FRONTIER, extend, rootOf } from '../log/frontier.ts'
import { TILE_WIDTH } from '../log/tile.ts'

/**
 * The right edge of a tree in tiles: for each level the hashes of its last tile while that is not full, none right after it filled. All that
 * is needed to write the tiles that follow: at most seven levels of 255 hashes, whatever the log's length.
 */
export type Edge = { readonly size: number; readonly levels: readonly (readonly Uint8Array[])[] }

/** A tile's place and hashes: 256 of a full one, fewer of a partial one. */
export type Tile = { readonly level: number; readonly index: number; readonly hashes: readonly Uint8Array[] }

export const EMPTY_EDGE: Edge = { size: 0, levels: [] }

/** The root of a tile's own subtree: what stands for a full one in the level above. Its bytes are its own: it may be kept as long as the tree grows. */
export const tileRoot = (hashes: readonly Uint8Array[]): Uint8Array => new Uint8Array(rootOf(extend(EMPTY_FRONTIER, hashes)))

/** The root of the whole tree (RFC 6962 §2.1). */
export const edgeRoot = ({ size, levels }: Edge): Uint8Array =>
  rootOf({ size, roots: levels.toReversed().flatMap((hashes) => extend(EMPTY_FRONTIER, hashes).roots) })

/** Full tiles of a level in a tree of this size, which is also the index of the one that is not full. */
export const fullTiles = (size: number, level: number): number => Math.floor(size / TILE_WIDTH ** (level + 1))

/** Levels that have any hash in a tree of this size. */
export const levelsOf = (size: number): number => {
  let levels = 0
  while (size >= TILE_WIDTH ** levels) levels += 1
  return size === 0 ? 0 : levels
}

/** The edge with these leaf hashes appended in order, and the tiles of all levels that they filled, lower before higher. */
export function grow(edge: Edge, leaves: readonly Uint8Array[]): { readonly edge: Edge; readonly full: readonly Tile[] } {
  const levels = edge.levels.map((hashes) => [...hashes])
  const full: Tile[] = []
  let size = edge.size
  for (const leaf of leaves) {
    size += 1
    let hash = leaf
    for (let level = 0; ; level++) {
      const hashes = levels[level] ?? []
      hashes.push(hash)
      levels[level] = hashes
      if (hashes.length < TILE_WIDTH) break
      full.push({ level, index: fullTiles(size, level) - 1, hashes })
      levels[level] = []
      hash = tileRoot(hashes)
    }
  }
  return { edge: { size, levels }, full }
}

/** The partial tiles of the tree at this size. */
export const partialTiles = ({ size, levels }: Edge): readonly Tile[] =>
  levels.flatMap((hashes, level) => (hashes.length > 0 ? [{ level, index: fullTiles(size, level), hashes }] : []))
