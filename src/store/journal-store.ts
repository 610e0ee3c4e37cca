import pg from 'pg'
import type { Appended, EntryStore, StoredCheckpoint, StoredEntry } from '../journal/entry-store.ts'

/** A call that takes longer rejects, and its connection is dropped: half-open ones do not answer for hours. */
const QUERY_TIMEOUT_MS = 10_000

/**
 * One statement, so one round trip and one transaction: the head moves only from `$1`, and entries are inserted only if it did. The row lock on the
 * head puts those who race in order; the loser sees no row to update, hence inserts none. Whatever the server's default, the commit waits for the disk.
 */
const APPEND = `
with durable as materialized (
  select case when current_setting('synchronous_commit') in ('on', 'remote_apply') then '' else set_config('synchronous_commit', 'on', true) end as setting
), moved as (
  update journal_head set size = $1::bigint + cardinality($2::bytea[]), frontier = $4 where size = $1::bigint and (select setting from durable) is not null returning 1
)
insert into journal_entry (index, leaf, body)
select $1::bigint + entry.place - 1, entry.leaf, entry.body
from moved, unnest($2::bytea[], $3::bytea[]) with ordinality as entry (leaf, body, place)`

type EntryRow = { readonly index: string; readonly leaf: Buffer; readonly body: Buffer }
type CheckpointRow = { readonly size: string; readonly note: string }

/** The journal's entries in PostgreSQL (tables `journal_*`). The pool should be the journal's own: an append must not queue behind others' queries. */
export function journalStore({ pool }: { readonly pool: pg.Pool }): EntryStore {
  const rows = async <Row extends pg.QueryResultRow>(name: string, text: string, values: readonly unknown[] = []): Promise<readonly Row[]> =>
    (await named<Row>(pool, name, text, values)).rows

  return {
    head: async () => {
      const [head] = await rows<{ readonly size: string; readonly frontier: Buffer }>('journal_head', 'select size, frontier from journal_head')
      if (!head) throw new Error('the journal has no head')
      return { size: Number(head.size), frontier: head.frontier }
    },

    append: async ({ expectedSize, bodies, leaves, frontier }) => {
      try {
        const { rowCount } = await named(pool, 'journal_append', APPEND, [expectedSize, leaves, bodies, frontier])
        return rowCount === bodies.length ? 'appended' : 'moved'
      } catch (cause) {
        return appendedDespite(cause)
      }
    },

    read: async (from, limit) =>
      (await rows<EntryRow>('journal_read', 'select index, leaf, body from journal_entry where index >= $1 order by index limit $2', [from, limit])).map(
        entryOf,
      ),

    latestCheckpoint: async () => {
      const [latest] = await rows<CheckpointRow>('journal_latest', 'select size, note from journal_checkpoint order by size desc limit 1')
      return latest ? checkpointOf(latest) : null
    },

    checkpoints: async (from, limit) =>
      (
        await rows<CheckpointRow>('journal_checkpoints', 'select size, note from journal_checkpoint where size >= $1 order by size limit $2', [from, limit])
      ).map(checkpointOf),

    saveCheckpoint: async ({ size, note }) => {
      await rows('journal_save', 'insert into journal_checkpoint (size, note) values ($1, $2) on conflict (size) do nothing', [size, note])
    },
  }
}

/** What an error says for certain of the batch (SQLSTATE); anything else leaves its fate unknown and is thrown on. */
function appendedDespite(cause: unknown): Appended {
  const code = cause instanceof pg.DatabaseError ? cause.code : undefined
  // Serialisation failure, where the database's default isolation is stricter than ours: rolled back, somebody else was first.
  if (code === '40001') return 'moved'
  // disk_full, io_error, data_corrupted, index_corrupted.
  if (code === '53100' || code === '58030' || code === 'XX001' || code === 'XX002') return 'disk_failed'
  throw cause
}

const named = <Row extends pg.QueryResultRow>(pool: pg.Pool, name: string, text: string, values: readonly unknown[]): Promise<pg.QueryResult<Row>> => {
  // `query_timeout` of a single query is documented by pg and missing from its types.
  const query: pg.QueryConfig & { readonly query_timeout: number } = { name, text, values: [...values], query_timeout: QUERY_TIMEOUT_MS }
  return pool.query<Row>(query)
}

const entryOf = ({ index, leaf, body }: EntryRow): StoredEntry => ({ index: Number(index), leaf, body })
const checkpointOf = ({ size, note }: CheckpointRow): StoredCheckpoint => ({ size: Number(size), note })
