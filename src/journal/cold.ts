import { HASH_BYTES } from '../log/leaf.ts'
import { decodeBundle, entriesPath, TILE_WIDTH, tilePath } from '../log/tile.ts'
import { Fault } from '../model/fault.ts'
import type { EntryStore, StoredEntry } from './entry-store.ts'
import type { FindBodies } from './source-search.ts'

/** Where entries went that left the table, and below which they did. Nobody is trusted: whoever reads holds all of it against the signed root. */
export type Cold = {
  readonly prunedSize: () => Promise<number>
  /** The bytes of an object of the archive, or null where none stands. Rejects when it cannot be reached. */
  readonly get: (path: string) => Promise<Uint8Array | null>
}

type Read = EntryStore['read']

/** Entries that a search reads at once of what left the table. */
const PAGE_ENTRIES = 4 * TILE_WIDTH

/**
 * The table with the archive behind it: `read` finds every entry, wherever it lies now, each with the leaf hash that is kept beside it there. The archive is asked only for
 * what the table lacks, so that it costs those nothing who read what is new. Faults `data_unreachable` where the archive lacks what left the table.
 */
export function readBehind(table: Read, { prunedSize, get }: Cold): Read {
  /** Below this nothing lies in the table: looked up once it was found to lack something, and it only rises. */
  let border = 0

  return async (from, limit) => {
    if (from < 0 || from >= border) {
      const rows = await table(from, limit)
      if (from < 0 || rows[0]?.index === from) return rows
      border = await prunedSize()
      if (from >= border) return rows
    }
    const old = await archived(get, from, Math.min(border, from + limit))
    const rest = limit - old.length
    return from + old.length === border && rest > 0 ? [...old, ...(await table(border, rest))] : old
  }
}

/** Entries `from` to `to` (exclusive). */
async function archived(get: Cold['get'], from: number, to: number): Promise<readonly StoredEntry[]> {
  const [first, end] = [Math.floor(from / TILE_WIDTH), Math.ceil(to / TILE_WIDTH)]
  const bundles = await Promise.all(Array.from({ length: end - first }, (_, i) => bundle(get, first + i)))
  return bundles.flat().filter(({ index }) => index >= from && index < to)
}

/** Each with the hash that its tile has of it: a body that was altered shows by that. */
async function bundle(get: Cold['get'], index: number): Promise<readonly StoredEntry[]> {
  const [entries, hashes] = await Promise.all([wholeOf(get, entriesPath(index, TILE_WIDTH)), wholeOf(get, tilePath(0, index, TILE_WIDTH))])
  const bodies = decodeBundle(entries)
  if (bodies?.length !== TILE_WIDTH || hashes.length !== TILE_WIDTH * HASH_BYTES) throw lacking(entriesPath(index, TILE_WIDTH), 'does not hold whole')
  return bodies.map((body, i) => ({ index: index * TILE_WIDTH + i, leaf: hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES), body }))
}

async function wholeOf(get: Cold['get'], path: string): Promise<Uint8Array> {
  const bytes = await get(path)
  if (bytes === null) throw lacking(path, 'does not hold')
  return bytes
}

const lacking = (path: string, how: string): Fault =>
  new Fault(
    'data_unreachable',
    `the journal's archive ${how} \`${path}\`, whose entries have left the database`,
    'mount the archive, or restore it from a copy',
  )

/** The same of a search in the table itself: what left it is read and looked through here. */
export const findBehind =
  (table: FindBodies, read: Read, prunedSize: Cold['prunedSize']): FindBodies =>
  async (from, to, needles) => {
    const border = Math.min(to, Math.max(from, await prunedSize()))
    const found: StoredEntry[] = []
    for (let next = from; next < border; next += PAGE_ENTRIES) {
      const page = await read(next, Math.min(PAGE_ENTRIES, border - next))
      found.push(...page.filter(({ body }) => needles.every((needle) => Buffer.from(body.buffer, body.byteOffset, body.length).includes(needle))))
    }
    return border < to ? [...found, ...(await table(border, to, needles))] : found
  }
