import { HASH_BYTES } from '../log/leaf.ts'
import { TILE_WIDTH, tilePath } from '../log/tile.ts'
import type { FaultList } from './fault-list.ts'
import type { LogSource } from './source.ts'

/**
 * All that a copy under lock has of the `lacking` entries after its `size`, which are full bundles: their leaf hashes. Nobody sees by them what the entries said; but
 * with them the newest checkpoint's root is made, which signs for those before. None, and a fault, where the tile is not there.
 */
export async function lackingLeaves(
  source: Pick<LogSource, 'tiles' | 'name'>,
  { size, lacking, faults }: { readonly size: number; readonly lacking: number; readonly faults: FaultList },
): Promise<readonly Uint8Array[]> {
  const index = size / TILE_WIDTH
  const tile = await source.tiles?.(0, index, lacking)
  if (tile?.length === lacking * HASH_BYTES) return Array.from({ length: lacking }, (_, i) => tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
  faults.add(`\`${tilePath(0, index, lacking)}\` is missing or not whole: nothing ties the checkpoint of size ${size + lacking} to the ${size} entries before`)
  return []
}
