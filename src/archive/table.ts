import { sameBytes } from '../base/bytes.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { entryFault } from '../journal/check-entry.ts'
import type { EntryStore } from '../journal/entry-store.ts'
import { ENTRY_BYTES_MAX, TILE_WIDTH } from '../log/tile.ts'
import { type Edge, EMPTY_EDGE, fullTiles, grow, tileRoot } from './edge.ts'
import { type ArchiveRefusal, brokenArchive } from './refusal.ts'

/** Entries of one read: four bundles. Of the longest entries 64 MB, of usual ones below one; two such pages are held at once. */
const PAGE_ENTRIES = 4 * TILE_WIDTH

/** The entries of one tile of level 0, all 256 or those up to where the reading ends. */
export type TableTile = { readonly index: number; readonly entries: readonly Uint8Array[]; readonly leaves: readonly Uint8Array[] }

/** A signed note over the first `size` entries, as stored: nothing is verified. */
export type SignedNote = { readonly size: number; readonly note: string }

/** What the archive reads of the journal's table: of `EntryStore`, which fits, no more than this. */
export type Table = {
  readonly read: EntryStore['read']
  readonly latestCheckpoint: () => Promise<SignedNote | null>
  readonly checkpoints: (from: number, limit: number) => Promise<readonly SignedNote[]>
}

type Page = Outcome<readonly TableTile[], ArchiveRefusal>

/**
 * Entries `from` (a tile's first) to `to` (exclusive) of the table in pages of tiles, dense and each matching its leaf hash. That they are
 * the signed ones is not yet known. Whether an entry can be understood is no matter here: the signer looked. One page is read ahead.
 */
export async function* tilesOf(table: Table, from: number, to: number): AsyncGenerator<Page> {
  let ahead = from < to ? readPage(table, from, to) : null
  for (let index = from; ahead !== null; ) {
    const page: Page = await ahead
    index += PAGE_ENTRIES
    ahead = page.ok && index < to ? readPage(table, index, to) : null
    // Whoever stops early never looks at it.
    ahead?.catch(() => undefined)
    yield page
  }
}

async function readPage(table: Table, from: number, to: number): Promise<Page> {
  const end = Math.min(to, from + PAGE_ENTRIES)
  const entries: Uint8Array[] = []
  const leaves: Uint8Array[] = []
  for (let index = from; index < end; ) {
    const rows = await table.read(index, end - index)
    if (rows.length === 0) return refuse(brokenArchive(`${to} entries were signed, but the table has none from ${index} on: entries are gone`))
    for (const entry of rows) {
      const fault = entryFault(entry, index, () => true)
      if (fault !== null) return refuse(brokenArchive(fault))
      if (entry.body.length > ENTRY_BYTES_MAX) return refuse(brokenArchive(`entry ${index} has ${entry.body.length} bytes, more than a bundle can hold`))
      entries.push(entry.body)
      leaves.push(entry.leaf)
      index += 1
    }
  }
  return done(
    Array.from({ length: Math.ceil(entries.length / TILE_WIDTH) }, (_, i) => ({
      index: from / TILE_WIDTH + i,
      entries: entries.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH),
      leaves: leaves.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH),
    })),
  )
}

/** What the table would make of a published tree: the edge at the new size, and the root of each tile of level 0 that is new or grows. */
export type Survey = { readonly edge: Edge; readonly roots: readonly Uint8Array[] }

/**
 * Reads the table from the published tree's last tile up to `to`, holds that tile's published leaves against the table's, and computes the
 * tree. `parted` when these differ. Keeps 32 bytes for each 256 entries, nothing of the entries.
 */
export async function survey(table: Table, published: Edge, to: number): Promise<Outcome<Survey | 'parted', ArchiveRefusal>> {
  const shown = published.levels[0] ?? []
  const roots: Uint8Array[] = []
  let edge: Edge = beforeLastTile(published)
  for await (const page of tilesOf(table, edge.size, to)) {
    if (!page.ok) return page
    for (const { index, leaves } of page.value) {
      if (index === fullTiles(published.size, 0) && shown.some((hash, i) => !sameBytes(hash, leaves[i] ?? new Uint8Array(0)))) return done('parted')
      roots.push(tileRoot(leaves))
      edge = grow(edge, leaves).edge
    }
  }
  return done({ edge, roots })
}

/** The same tree without its last, partial tile of level 0, whose entries are read again. */
export const beforeLastTile = (edge: Edge): Edge =>
  edge.size === 0 ? EMPTY_EDGE : { size: fullTiles(edge.size, 0) * TILE_WIDTH, levels: edge.levels.map((hashes, level) => (level === 0 ? [] : hashes)) }
