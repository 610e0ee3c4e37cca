import { sameBytes } from '../base/bytes.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { EntryStore } from '../journal/entry-store.ts'
import { parseRecorded } from '../journal/recorded.ts'
import { TILE_WIDTH } from '../log/tile.ts'
import { type ArchiveRefusal, brokenArchive } from './refusal.ts'
import type { VerifiedTiles } from './verified-tiles.ts'

/** Clocks of the house's processes differ. */
const CLOCKS_MS = 600_000

type Read = EntryStore['read']

/**
 * Index of the first entry of `from` to `to` (exclusive) that was recorded at `before` (milliseconds since the epoch) or later, give or take ten minutes for clocks that
 * differ, to the earlier side; `to` where there is none. By halving: times rise with the index. What cannot be read is young.
 */
export async function agedSize(read: Read, from: number, to: number, before: number): Promise<number> {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [stored] = await read(middle, 1)
    const recorded = stored?.index === middle ? parseRecorded(stored.body) : null
    if (recorded && Date.parse(recorded.at) < before - CLOCKS_MS) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Whether entries `from` to `to` (bundles' borders) lie in the archive exactly as they do in the table, each bundle followed up to the signed root. What is not so
 * must not leave the table: `broken` says where.
 */
export async function heldAlike(
  { read, archive }: { readonly read: Read; readonly archive: VerifiedTiles },
  { from, to }: { readonly from: number; readonly to: number },
  onProgress: (compared: number, of: number) => void = () => undefined,
): Promise<Outcome<null, ArchiveRefusal>> {
  for (let first = from; first < to; first += TILE_WIDTH) {
    const archived = await archive.entries(first / TILE_WIDTH)
    if (!archived.ok) return archived
    const rows = await read(first, TILE_WIDTH)
    const other = archived.value.findIndex((body, i) => rows[i]?.index !== first + i || !sameBytes(rows[i].body, body))
    if (other >= 0) return refuse(brokenArchive(`entry ${first + other} in the table is not the one in the archive`))
    onProgress(first + TILE_WIDTH - from, to - from)
  }
  return done(null)
}
