import { sameBytes } from '../base/bytes.ts'
import type { Frontier } from '../log/frontier.ts'
import { HASH_BYTES, nodeHash } from '../log/leaf.ts'
import { TILE_WIDTH, tilePath, tileWidth } from '../log/tile.ts'
import type { ReadTile } from '../log/tile-proof.ts'
import type { FaultList } from './fault-list.ts'

/** Tiles compared at once: each is a file or a request. */
const AT_ONCE = 16

/** The tree with these leaves (`log/frontier.ts`'s `extend`). */
export type Grow = (tree: Frontier, leaves: readonly Uint8Array[]) => Frontier

/** Holds stored tiles of hashes against a tree as it grows. */
export type TileCheck = {
  /** `extend`, each hash on the way remembered until its tile is full and was compared. */
  readonly grow: Grow
  /** Waits until few tiles are left to compare: call it now and then, so that memory stays constant. */
  readonly settle: () => Promise<void>
  /** Compares the partial tiles of the tree of this size, or none where it is not the source's; how many tiles were compared in all. */
  readonly finish: (size: number | null) => Promise<number>
}

/** Hashes `first` to `first + hashes.length` of a level. */
type Run = { readonly first: number; readonly hashes: Uint8Array[] }

export function tileCheck({ read, faults }: { readonly read: ReadTile; readonly faults: FaultList }): TileCheck {
  const runs = new Map<number, Run>()
  const pending = new Set<Promise<void>>()
  let compared = 0

  function take(level: number, index: number, hash: Uint8Array): void {
    const run = runs.get(level) ?? { first: index, hashes: [] }
    run.hashes.push(hash)
    if (index % TILE_WIDTH < TILE_WIDTH - 1) return void runs.set(level, run)
    runs.delete(level)
    compare(level, run, TILE_WIDTH)
  }

  function compare(level: number, run: Run, width: number): void {
    compared += 1
    const work = compareTile({ read, faults }, level, run, width)
    // Seen by `settle` or `finish`, which wait for it.
    work.catch(() => undefined)
    pending.add(work)
    void work.finally(() => pending.delete(work)).catch(() => undefined)
  }

  return {
    grow: (tree, leaves) => {
      const roots = [...tree.roots]
      let { size } = tree
      for (const leaf of leaves) {
        take(0, size, leaf)
        let hash = leaf
        let height = 0
        for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
          hash = nodeHash(roots.pop() as Uint8Array, hash)
          height += 1
          // Kept until its tile is full, while what was hashed beside it is not.
          if (height % 8 === 0) take(height / 8, (size + 1) / 2 ** height - 1, new Uint8Array(hash))
        }
        roots.push(hash)
        size += 1
      }
      return { size, roots }
    },
    settle: async () => {
      while (pending.size > AT_ONCE) await Promise.race(pending)
    },
    finish: async (size) => {
      for (const [level, run] of size === null ? [] : runs) compare(level, run, tileWidth(level, Math.floor(run.first / TILE_WIDTH), size ?? 0))
      await Promise.all(pending)
      return compared
    },
  }
}

async function compareTile({ read, faults }: { readonly read: ReadTile; readonly faults: FaultList }, level: number, run: Run, width: number): Promise<void> {
  const index = Math.floor(run.first / TILE_WIDTH)
  const path = tilePath(level, index, width)
  // A partial tile may be deleted once the full one is there, which begins with the same hashes.
  const bytes = (await read(level, index, width)) ?? (width < TILE_WIDTH ? await read(level, index, TILE_WIDTH) : null)
  if (!bytes) return faults.add(`\`${path}\` is missing`)
  if (bytes.length !== width * HASH_BYTES && bytes.length !== TILE_WIDTH * HASH_BYTES)
    return faults.add(`\`${path}\` holds ${bytes.length} bytes, not ${width * HASH_BYTES}`)
  for (const [i, hash] of run.hashes.entries()) {
    const at = (run.first % TILE_WIDTH) + i
    if (sameBytes(hash, bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES))) continue
    const [first, span] = [(run.first + i) * TILE_WIDTH ** level, TILE_WIDTH ** level]
    faults.add(
      level === 0
        ? `entry ${first} does not match its hash in \`${path}\`: the entry or the hash was altered`
        : `the hash of entries ${first} to ${first + span - 1} in \`${path}\` is not theirs`,
    )
  }
}
