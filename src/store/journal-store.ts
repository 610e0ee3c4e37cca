import pg from 'pg'
import type { Appended, Batch, EntryStore, Head, StoredCheckpoint, StoredEntry } from '../journal/entry-store.ts'
import { byteaArray } from './bytea-array.ts'
import { inOrder } from './in-order.ts'

/** A call that takes longer rejects, and its connection is dropped: half-open ones do not answer for hours. */
const QUERY_TIMEOUT_MS = 10_000

/**
 * One statement, so one round trip and one transaction: the head moves only from `$1` and `$7` in epoch `$5`, and entries are inserted only if it did. The row
 * lock on the head puts those who race in order; the loser sees no row to update, hence inserts none. Whatever the server's default, the commit waits for
 * the disk. Who writes on (`$6`) holds the head, unless another waits.
 */
const append = (payloads: string): string => `
with moved as (
  update journal_head set size = $1::bigint + cardinality($2::bytea[]), frontier = $4, moved_at = clock_timestamp(),
    holder = case when $6::boolean and wanted is null then holder end
  where size = $1::bigint and frontier = $7 and epoch = $5::bigint and (
    select case when current_setting('synchronous_commit') in ('on', 'remote_apply') then '' else set_config('synchronous_commit', 'on', true) end
  ) is not null returning wanted is not null as yielded
), entries as (
  insert into journal_entry (index, leaf, body)
  select $1::bigint + entry.place - 1, entry.leaf, entry.body
  from moved, unnest($2::bytea[], $3::bytea[]) with ordinality as entry (leaf, body, place)
)${payloads}
select yielded from moved`

/** Of entries that name no ciphertext: to look after none costs the server a tenth of the batch. */
const APPEND_ALONE = append('')
const APPEND = append(`, payloads as (
  insert into payload (index, key_ids, class, ciphertext)
  select $1::bigint + one.at, one.key_ids, one.class, one.ciphertext
  from moved, unnest($8::int[], $9::text[], $10::text[], $11::bytea[]) as one (at, key_ids, class, ciphertext)
)`)

/** Only a turn's appends have to be durable. One that a crash forgets may come again with the same epoch: so a batch names the tree it stands on too. */
const TAKE = `
with soon as materialized (select set_config('synchronous_commit', 'off', true) as setting)
update journal_head set epoch = epoch + 1, holder = $1, moved_at = clock_timestamp(),
  wanted = case when wanted = $1 or moved_at < clock_timestamp() - $2::float8 * interval '1 millisecond' then null else wanted end
where (holder = $1 or holder is null and (wanted is null or wanted = $1) or moved_at < clock_timestamp() - $2::float8 * interval '1 millisecond')
  and (select setting from soon) is not null
returning size, frontier, epoch`

type EntryRow = { readonly index: string; readonly leaf: Buffer; readonly body: Buffer }
type HeadRow = { readonly size: string; readonly frontier: Buffer; readonly epoch: string }
type Moved = { readonly yielded: boolean }
type CheckpointRow = { readonly size: string; readonly note: string; readonly frontier: Buffer | null }

/**
 * The journal's entries in PostgreSQL (tables `journal_*`). The pool should be the journal's own: an append must not queue behind others' queries. `appending`:
 * for the appends alone, with `pipeline`, where many are made; without it the second of two waits here for the answer to the first.
 */
export function journalStore({ pool, appending = pool }: { readonly pool: pg.Pool; readonly appending?: pg.Pool }): EntryStore {
  const rows = async <Row extends pg.QueryResultRow>(name: string, text: string, values: readonly unknown[] = []): Promise<readonly Row[]> =>
    (await named<Row>(pool, name, text, values)).rows

  const ordered = inOrder(appending)

  return {
    head: async () => {
      const [head] = await rows<HeadRow>('journal_head', 'select size, frontier, epoch from journal_head')
      if (!head) throw new Error('the journal has no head')
      return headOf(head)
    },

    take: async (writer, idleMs) => {
      // Where the appends go: who cannot append takes no head either.
      const [taken] = await ordered(async (client) => (await named<HeadRow>(client, 'journal_take', TAKE, [writer, idleMs])).rows)
      if (taken) return headOf(taken)
      await rows('journal_want', 'update journal_head set wanted = $1 where wanted is null', [writer])
      return null
    },

    append: async ({ expectedSize, expectedFrontier, epoch, more, bodies, leaves, frontier, payloads }) => {
      try {
        const values = [expectedSize, byteaArray(leaves), byteaArray(bodies), frontier, epoch, more, expectedFrontier]
        const [moved] = await ordered(async (client) =>
          payloads.length === 0
            ? (await named<Moved>(client, 'journal_append_alone', APPEND_ALONE, values)).rows
            : (await named<Moved>(client, 'journal_append', APPEND, [...values, ...columnsOf(payloads)])).rows,
        )
        if (!moved) return 'moved'
        return moved.yielded ? 'yielded' : 'appended'
      } catch (cause) {
        return appendedDespite(cause)
      }
    },

    read: async (from, limit) =>
      (await rows<EntryRow>('journal_read', 'select index, leaf, body from journal_entry where index >= $1 order by index limit $2', [from, limit])).map(
        entryOf,
      ),

    latestCheckpoint: async () => {
      const [latest] = await rows<CheckpointRow>('journal_latest', 'select size, note, frontier from journal_checkpoint order by size desc limit 1')
      return latest ? checkpointOf(latest) : null
    },

    checkpoints: async (from, limit) =>
      (
        await rows<CheckpointRow>('journal_checkpoints', 'select size, note, frontier from journal_checkpoint where size >= $1 order by size limit $2', [
          from,
          limit,
        ])
      ).map(checkpointOf),

    saveCheckpoint: async ({ size, note, frontier }) => {
      await rows('journal_save', 'insert into journal_checkpoint (size, note, frontier) values ($1, $2, $3) on conflict (size) do nothing', [
        size,
        note,
        frontier,
      ])
    },
  }
}

const columnsOf = (payloads: Batch['payloads']): readonly unknown[] => [
  payloads.map(({ at }) => at),
  payloads.map(({ payload }) => payload.keyIds.join('+')),
  payloads.map(({ payload }) => payload.class),
  byteaArray(payloads.map(({ payload }) => payload.ciphertext)),
]

/** What an error says for certain of the batch (SQLSTATE); anything else leaves its fate unknown and is thrown on. */
function appendedDespite(cause: unknown): Appended {
  const code = cause instanceof pg.DatabaseError ? cause.code : undefined
  // Serialisation failure, where the database's default isolation is stricter than ours: rolled back, somebody else was first.
  if (code === '40001') return 'moved'
  // disk_full, io_error, data_corrupted, index_corrupted.
  if (code === '53100' || code === '58030' || code === 'XX001' || code === 'XX002') return 'disk_failed'
  throw cause
}

const named = <Row extends pg.QueryResultRow>(
  pool: pg.Pool | pg.PoolClient,
  name: string,
  text: string,
  values: readonly unknown[],
): Promise<pg.QueryResult<Row>> => {
  // `query_timeout` of a single query is documented by pg and missing from its types.
  const query: pg.QueryConfig & { readonly query_timeout: number } = { name, text, values: [...values], query_timeout: QUERY_TIMEOUT_MS }
  return pool.query<Row>(query)
}

const entryOf = ({ index, leaf, body }: EntryRow): StoredEntry => ({ index: Number(index), leaf, body })
const checkpointOf = ({ size, note, frontier }: CheckpointRow): StoredCheckpoint => ({ size: Number(size), note, frontier })
const headOf = ({ size, frontier, epoch }: HeadRow): Head => ({ size: Number(size), frontier, epoch: Number(epoch) })
