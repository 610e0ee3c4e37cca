import type { Outcome } from '../base/outcome.ts'
import { entriesPath, TILE_WIDTH, tilePath } from '../log/tile.ts'
import { fullTiles, levelsOf } from './edge.ts'
import type { Objects } from './objects.ts'
import type { ArchiveRefusal } from './refusal.ts'
import { together } from './together.ts'

const LISTS_AT_ONCE = 16

/**
 * Removes the partial tiles and bundles whose full ones became available as the tree grew `from` one size `to` another, both published
 * (C2SP tlog-tiles, "Partial Tiles": allowed once the full tile is available). Of each level the one tile that was partial before; with
 * `every`, each tile filled in between too, for what a writer left that died before it published.
 */
export async function sweepPartials(
  objects: Pick<Objects, 'list' | 'removePartial'>,
  { from, to, every }: { readonly from: number; readonly to: number; readonly every: boolean },
): Promise<Outcome<null, ArchiveRefusal>> {
  const folders: string[] = []
  for (let level = 0; level < levelsOf(to); level++) {
    const [first, end] = [fullTiles(from, level), fullTiles(to, level)]
    for (let index = first; index < (every ? end : Math.min(end, first + 1)); index++) {
      folders.push(`${tilePath(level, index, TILE_WIDTH)}.p/`)
      if (level === 0) folders.push(`${entriesPath(index, TILE_WIDTH)}.p/`)
    }
  }
  return together(LISTS_AT_ONCE, folders, async (folder) => {
    const partials = await objects.list(folder, '')
    return partials.ok ? together(1, partials.value, objects.removePartial) : partials
  })
}
