import type pg from 'pg'
import type { EntryStore, StoredEntry } from '../journal/entry-store.ts'
import type { FindBodies } from '../journal/source-search.ts'

/** Of a page, however long its entries are: the server sends nothing for so long only when it is gone. */
const STALL_MS = 30_000
/** What stands before the rows (signature, flags, length of the extension), and the count of columns behind the last. */
const HEADER_BYTES = 19
const TRAILER_BYTES = 2
const PAGE_FOUND = 1024

/**
 * `EntryStore.read` for whoever reads much: rows come as they lie (COPY, binary), where a query's would be spelled in hex, twice the bytes and
 * more than twice the work. Same contract; up to one connection of the pool for each call under way.
 */
export const bulkRead =
  ({ pool }: { readonly pool: pg.Pool }): EntryStore['read'] =>
  (from, limit) =>
    copied(pool, `index >= ${whole(from)} order by index limit ${whole(limit)}`)

/**
 * Entries `from` to `to` (exclusive) whose bodies hold all of these texts: a scan, but in the server, which hands over only what it found. No index is kept for it:
 * one over every entry's words would cost each append more than the append itself.
 */
export const bulkFind =
  ({ pool }: { readonly pool: pg.Pool }): FindBodies =>
  async (from, to, needles) => {
    const words = needles.map((needle) => `position('\\x${Buffer.from(needle).toString('hex')}'::bytea in body) > 0`)
    const found: StoredEntry[] = []
    for (let next = from; ; ) {
      const page = await copied(pool, `${[`index >= ${whole(next)}`, `index < ${whole(to)}`, ...words].join(' and ')} order by index limit ${PAGE_FOUND}`)
      found.push(...page)
      const last = page.at(-1)
      if (!last || page.length < PAGE_FOUND) return found
      next = last.index + 1
    }
  }

type CosignedRow = { readonly size: string; readonly note: string; readonly frontier: Buffer | null; readonly lines: readonly string[] | null }

/** `EntryStore.checkpoints`, each note with the cosignatures that witnesses gave it. Nobody has verified any. The role must be one that may read them. */
export const cosignedCheckpoints =
  ({ pool }: { readonly pool: pg.Pool }): EntryStore['checkpoints'] =>
  async (from, limit) => {
    const { rows } = await pool.query<CosignedRow>({
      name: 'journal_cosigned',
      text: `select c.size, c.note, c.frontier, array_agg(k.line order by k.witness) filter (where k.line is not null) as lines
        from (select size, note, frontier from journal_checkpoint where size >= $1 order by size limit $2) c left join cosignature k using (size)
        group by c.size, c.note, c.frontier order by c.size`,
      values: [from, limit],
    })
    return rows.map(({ size, note, frontier, lines }) => ({ size: Number(size), note: [note, ...(lines ?? [])].join(''), frontier }))
  }

async function copied(pool: pg.Pool, which: string): Promise<readonly StoredEntry[]> {
  const client = await pool.connect()
  try {
    const entries = await copiedBy(client, `copy (select index, leaf, body from journal_entry where ${which}) to stdout (format binary)`)
    client.release()
    return entries
  } catch (cause) {
    client.release(true)
    throw cause
  }
}

/** COPY takes no parameters: only whole numbers, and texts in hex, may stand in its words. */
function whole(value: number): number {
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is no index`)
  return value
}

function copiedBy(client: pg.PoolClient, text: string): Promise<readonly StoredEntry[]> {
  return new Promise((resolve, reject) => {
    const entries: StoredEntry[] = []
    let failed: Error | null = null
    const stalled = setTimeout(() => reject(new Error('the database sends no entries')), STALL_MS)
    const ended = (): void => clearTimeout(stalled)
    /** What the driver calls of a query it is handed (pg.Submittable). */
    client.query({
      submit: (connection: pg.Connection) => connection.query(text),
      handleCopyData: ({ chunk }: { readonly chunk: Buffer }) => {
        const entry = entryIn(chunk)
        if (entry) entries.push(entry)
      },
      handleCommandComplete: () => undefined,
      handleError: (error: Error) => {
        failed = error
        ended()
        reject(error)
      },
      handleReadyForQuery: () => {
        ended()
        if (!failed) resolve(entries)
      },
    } as pg.Submittable)
  })
}

/** A row of index, leaf and body: their count (two bytes), then each behind its length (four). Copied: the driver uses its buffer again. */
function entryIn(chunk: Buffer): StoredEntry | null {
  // The server sends the header with the first row, or alone when there is none.
  const row = chunk.length >= HEADER_BYTES && chunk.toString('latin1', 0, 6) === 'PGCOPY' ? chunk.subarray(HEADER_BYTES) : chunk
  if (row.length <= TRAILER_BYTES) return null
  const leafBytes = row.readInt32BE(14)
  const bodyAt = 22 + leafBytes
  const bytes = Buffer.from(row.subarray(18))
  return { index: Number(row.readBigInt64BE(6)), leaf: bytes.subarray(0, leafBytes), body: bytes.subarray(bodyAt - 18) }
}
