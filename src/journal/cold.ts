import { leafHash } from '../log/leaf.ts'
import { decodeBundle, entriesPath, TILE_WIDTH } from '../log/tile.ts'
import type { EntryStore, StoredEntry } from './entry-store.ts'
import type { FindBodies } from './source-search.ts'

/** Where entries went that left the table, and below which they did. Nobody is trusted: whoever reads holds all of it against the signed root. */
export type Cold = {
  readonly prunedSize: () => Promise<number>
  /** The bytes of an object of the archive, or null where none stands. Rejects when it cannot be reached. */
  readonly get: (path: string) => Promise<Uint8Array | null>
}

type Read = EntryStore['read']

/**
 * The table with the archive behind it: `read` finds every entry, wherever it lies now. A page ends where the table begins, or where a bundle is not in the archive or
 * is none. The archive is asked only for what the table lacks, so that it costs those nothing who read what is new.
 */
export const readBehind =
  (table: Read, { prunedSize, get }: Cold): Read =>
  async (from, limit) => {
    const rows = await table(from, limit)
    if (from < 0 || rows[0]?.index === from) return rows
    const pruned = await prunedSize()
    return from < pruned ? archived(get, from, Math.min(pruned, from + limit)) : rows
  }

/** Entries `from` to `to` (exclusive), as far as there are any without a gap. */
async function archived(get: Cold['get'], from: number, to: number): Promise<readonly StoredEntry[]> {
  const [first, end] = [Math.floor(from / TILE_WIDTH), Math.ceil(to / TILE_WIDTH)]
  const bundles = await Promise.all(Array.from({ length: end - first }, (_, i) => bundle(get, first + i)))
  const gap = bundles.indexOf(null)
  return bundles
    .slice(0, gap < 0 ? undefined : gap)
    .flatMap((entries) => entries ?? [])
    .filter(({ index }) => index >= from && index < to)
}

async function bundle(get: Cold['get'], index: number): Promise<readonly StoredEntry[] | null> {
  const bytes = await get(entriesPath(index, TILE_WIDTH))
  const bodies = bytes && decodeBundle(bytes)
  if (bodies?.length !== TILE_WIDTH) return null
  return bodies.map((body, i) => ({ index: index * TILE_WIDTH + i, leaf: leafHash(body), body }))
}

/** The same of a search in the table itself: what left it is read and looked through here. */
export const findBehind =
  (table: FindBodies, read: Read, prunedSize: Cold['prunedSize']): FindBodies =>
  async (from, to, needles) => {
    const border = Math.min(to, Math.max(from, await prunedSize()))
    const found: StoredEntry[] = []
    for (let next = from; next < border; ) {
      const page = await read(next, Math.min(PAGE_ENTRIES, border - next))
      const last = page.at(-1)
      if (!last) break
      found.push(...page.filter(({ body }) => needles.every((needle) => Buffer.from(body.buffer, body.byteOffset, body.length).includes(needle))))
      next = last.index + 1
    }
    return border < to ? [...found, ...(await table(border, to, needles))] : found
  }

const PAGE_ENTRIES = 4 * TILE_WIDTH
