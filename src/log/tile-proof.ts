import { lru } from '../base/lru.ts'
import type { Outcome } from '../base/outcome.ts'
import { done, refuse } from '../base/outcome.ts'
import { EMPTY_FRONTIER, extend, rootOf } from './frontier.ts'
import { EMPTY_ROOT, HASH_BYTES } from './leaf.ts'
import { split, verifyConsistency, verifyInclusion } from './proof.ts'
import type { Span } from './subtree.ts'
import { TILE_WIDTH, tilePath, tileWidth } from './tile.ts'

/**
 * The bytes of one stored tile of hashes (`tilePath(level, index, width)`), or null where none is stored. Safe to call concurrently. A failure
 * to look is thrown, and passed on. The bytes are the prover's from then on. What it gives is believed only once it leads to the root, so it may come from anybody.
 */
export type ReadTile = (level: number, index: number, width: number) => Promise<Uint8Array | null>

/** The size and root of a tree, from a checkpoint that the caller has verified. */
export type TreeHead = { readonly size: number; readonly root: Uint8Array }

/** Proofs out of stored tiles, in two reads for each level of tiles at most. Refused, in words, when a tile is missing or does not lead to the root. */
export type TileProver = {
  /** The leaf hash at `index` and its proof (RFC 6962 §2.1.1), which verifies. */
  readonly inclusion: (index: number, tree: TreeHead) => Promise<Outcome<{ readonly leaf: Uint8Array; readonly proof: readonly Uint8Array[] }, string>>
  /** The root of the older tree, as the tiles have it, and the proof (RFC 6962 §2.1.2) that it is a prefix, which verifies. Empty for an empty older tree. */
  readonly consistency: (oldSize: number, tree: TreeHead) => Promise<Outcome<{ readonly oldRoot: Uint8Array; readonly proof: readonly Uint8Array[] }, string>>
}

/** Keeps up to `tilesMax` tiles of 8 KiB in memory: those that led to a root. */
export function tileProver(read: ReadTile, tilesMax = 512): TileProver {
  const kept = lru<string, Uint8Array>(tilesMax)

  /** The first of these spans' roots in a tree of `size` leaves, the others, and where to say whether they were found true. */
  async function roots(spans: readonly [Span, ...Span[]], size: number): Promise<Outcome<Roots, string>> {
    const wanted = new Map(spans.flatMap(subtreesOf).map((node) => [tileOf(node, size).path, tileOf(node, size)]))
    const tiles = new Map<string, Uint8Array>()
    const faults = await Promise.all(
      [...wanted.values()].map(async (tile) => {
        const bytes = kept.get(tile.path) ?? (await stored(read, tile))
        if (bytes === null) return `\`${tile.path}\` is missing`
        tiles.set(tile.path, bytes)
        return bytes.length === tile.width * HASH_BYTES ? null : `\`${tile.path}\` holds ${bytes.length} bytes, not ${tile.width * HASH_BYTES}`
      }),
    )
    const fault = faults.find((one) => one !== null)
    if (fault) return refuse(fault)
    const hashOf = (node: Subtree): Uint8Array => foldIn(tiles.get(tileOf(node, size).path) as Uint8Array, node)
    const rootAt = (span: Span): Uint8Array => rootOf({ size: span.end - span.start, roots: subtreesOf(span).map(hashOf) })
    const [first, ...rest] = spans
    return done({
      first: rootAt(first),
      rest: rest.map(rootAt),
      settle(holds) {
        // A tile whose other hashes were true may yet hold a false one: the next try reads it anew.
        for (const [path, bytes] of tiles)
          if (holds) kept.set(path, bytes)
          else kept.delete(path)
        return holds
      },
    })
  }

  return {
    async inclusion(index, { size, root }) {
      if (!isWithin(index, size) || index === size) return refuse(`there is no entry ${index} in a tree of ${size}`)
      const found = await roots([{ start: index, end: index + 1 }, ...inclusionSpans(index, size)], size)
      if (!found.ok) return found
      const { first: leaf, rest: proof, settle } = found.value
      const holds = settle(verifyInclusion({ index, size, leaf, proof, root }))
      return holds ? done({ leaf, proof }) : refuse(`the stored tiles do not lead from entry ${index} to the root of the tree of ${size}`)
    },
    async consistency(oldSize, { size, root }) {
      if (!isWithin(oldSize, size)) return refuse(`there is no tree of ${oldSize} within one of ${size}`)
      if (oldSize === 0) return done({ oldRoot: EMPTY_ROOT, proof: [] })
      const found = await roots([{ start: 0, end: oldSize }, ...consistencySpans(oldSize, size)], size)
      if (!found.ok) return found
      const { first: oldRoot, rest: proof, settle } = found.value
      const holds = settle(verifyConsistency({ oldSize, size, proof, oldRoot, root }))
      return holds ? done({ oldRoot, proof }) : refuse(`the stored tiles do not lead from the tree of ${oldSize} to the root of that of ${size}`)
    },
  }
}

type Roots = { readonly first: Uint8Array; readonly rest: readonly Uint8Array[]; readonly settle: (holds: boolean) => boolean }

/** The subtrees beside the way from a leaf to the root, nearest first. */
export function inclusionSpans(index: number, size: number): readonly Span[] {
  const beside: Span[] = []
  let [start, end] = [0, size]
  while (end - start > 1) {
    const middle = start + split(end - start)
    beside.unshift(index < middle ? { start: middle, end } : { start, end: middle })
    if (index < middle) end = middle
    else start = middle
  }
  return beside
}

/** The subtrees that a consistency proof names (RFC 6962 §2.1.2), innermost first. */
function consistencySpans(oldSize: number, size: number): readonly Span[] {
  const beside: Span[] = []
  let [start, end] = [0, size]
  while (end !== oldSize) {
    const middle = start + split(end - start)
    beside.unshift(oldSize <= middle ? { start: middle, end } : { start, end: middle })
    if (oldSize <= middle) end = middle
    else start = middle
  }
  // The old tree itself is the verifier's: it need not be told.
  return start === 0 ? beside : [{ start, end }, ...beside]
}

/** A complete subtree of 2^height leaves, the `index`-th of its height. */
type Subtree = { readonly height: number; readonly index: number }

/** The complete subtrees that a span is made of, largest first. */
function subtreesOf({ start, end }: Span): readonly Subtree[] {
  const subtrees: Subtree[] = []
  for (let at = start; at < end; ) {
    let height = 0
    while (2 ** (height + 1) <= end - at) height += 1
    subtrees.push({ height, index: at / 2 ** height })
    at += 2 ** height
  }
  return subtrees
}

type Tile = { readonly level: number; readonly index: number; readonly width: number; readonly path: string }

/** The tile that holds what a subtree is the root of, as wide as a tree of `size` leaves has it. */
function tileOf({ height, index }: Subtree, size: number): Tile {
  const level = Math.floor(height / 8)
  const tile = Math.floor((index * 2 ** (height % 8)) / TILE_WIDTH)
  const width = tileWidth(level, tile, size)
  return { level, index: tile, width, path: tilePath(level, tile, width) }
}

/** A partial tile may be deleted once the full one is there, which begins with the same hashes. */
async function stored(read: ReadTile, { level, index, width }: Tile): Promise<Uint8Array | null> {
  const bytes = await read(level, index, width)
  if (bytes !== null || width === TILE_WIDTH) return bytes
  const full = await read(level, index, TILE_WIDTH)
  return full?.length === TILE_WIDTH * HASH_BYTES ? full.subarray(0, width * HASH_BYTES) : full
}

function foldIn(tile: Uint8Array, { height, index }: Subtree): Uint8Array {
  const count = 2 ** (height % 8)
  const first = (index * count) % TILE_WIDTH
  const hashes = Array.from({ length: count }, (_, i) => new Uint8Array(tile.subarray((first + i) * HASH_BYTES, (first + i + 1) * HASH_BYTES)))
  return rootOf(extend(EMPTY_FRONTIER, hashes))
}

const isWithin = (n: number, size: number): boolean => Number.isSafeInteger(n) && Number.isSafeInteger(size) && n >= 0 && n <= size
