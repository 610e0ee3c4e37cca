import { sameBytes } from '../base/bytes.ts'
import { TILE_WIDTH } from '../log/tile.ts'
import type { Objects } from './objects.ts'
import type { Published } from './published.ts'
import { type Table, tilesOf } from './table.ts'
import { verifiedTiles } from './verified-tiles.ts'

/**
 * The sentence that says where a table and what was published from it part, once they are known to: reads both from the beginning. `signed` is the
 * size of the checkpoint that did not fit, when it is beyond what was published.
 */
export async function findFork(table: Table, objects: Pick<Objects, 'get'>, published: Published, signed?: number): Promise<string> {
  const { size } = published.checkpoint
  const archive = verifiedTiles(objects, published)
  for await (const page of tilesOf(table, 0, size)) {
    if (!page.ok) return page.refusal.detail
    for (const { index, leaves } of page.value) {
      const shown = await archive.tile(0, index)
      if (!shown.ok) return shown.refusal.detail
      const other = shown.value.findIndex((hash, i) => !sameBytes(hash, leaves[i] ?? new Uint8Array(0)))
      if (other >= 0) return `entry ${index * TILE_WIDTH + other} in the table is not the one that was published: the journal was forked there`
    }
  }
  return signed === undefined
    ? `two trees of ${size} entries were signed: the journal's checkpoint of that size is not the one that was published`
    : `entries ${size} to ${signed - 1} in the table are not those that were signed`
}
