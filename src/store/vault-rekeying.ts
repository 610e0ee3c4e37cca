import type { Pool, PoolClient } from 'pg'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Exchanged, Exchanging, NotExchanged, StandingKey, StandingSubject, VaultRekeying } from '../journal/vault/vault-store.ts'
import { byteaArray } from './bytea-array.ts'
import { PROCESS_ROLES } from './grants.ts'

/** Rows exchanged in one statement. */
const PAGE = 1000

/** Our processes, by their roles, and whoever calls itself one of us; a connection of the asking pool has its name and user. */
const CONNECTED = `select distinct coalesce(nullif(application_name, ''), usename) as name from pg_stat_activity
  where datname = current_database() and (usename = any($1) or application_name like 'gatehouse%')
    and not (application_name = current_setting('application_name') and usename = session_user) order by 1`

/** Whoever reads meanwhile waits, so that a part that starts now comes upon the new rows, and is refused. A backup may hold the tables for hours: then not we wait. */
const ALONE = ["set local lock_timeout = '2s'", 'set local synchronous_commit = on', 'lock table vault_subject, vault_key in access exclusive mode']

/** What stands in a table is read page by page in the order of its names, and written as columns beside these. `erased`: it stands although it was destroyed. */
type Table<Row, Fresh> = {
  readonly read: string
  readonly name: (row: Row) => string
  readonly write: string
  readonly columns: (fresh: readonly Fresh[]) => readonly Buffer[]
}

const SUBJECTS: Table<StandingSubject, { readonly index: Uint8Array; readonly wrapped: Uint8Array }> = {
  read: `select pseudonym, index, sealed, wrapped, erased_at is not null as erased
    from vault_subject where wrapped is not null and pseudonym > $1 order by pseudonym limit ${PAGE}`,
  name: ({ pseudonym }) => pseudonym,
  write: `update vault_subject as one set wrapped = fresh.wrapped, index = fresh.index
    from unnest($1::text[], $2::bytea[], $3::bytea[]) as fresh (name, wrapped, index) where one.pseudonym = fresh.name`,
  columns: (fresh) => [byteaArray(fresh.map(({ wrapped }) => wrapped)), byteaArray(fresh.map(({ index }) => index))],
}
const KEYS: Table<StandingKey, Uint8Array> = {
  read: `select id, pseudonym, month, one.wrapped, destroyed_at is not null or erased_at is not null or whose.wrapped is null as erased
    from vault_key as one left join vault_subject as whose using (pseudonym) where one.wrapped is not null and id > $1 order by id limit ${PAGE}`,
  name: ({ id }) => id,
  write: 'update vault_key as one set wrapped = fresh.wrapped from unnest($1::text[], $2::bytea[]) as fresh (name, wrapped) where one.id = fresh.name',
  columns: (fresh) => [byteaArray(fresh)],
}

/** Changing the master key, as the owner of the tables. */
export const vaultRekeying = (pool: Pool): VaultRekeying => ({
  connected: () => connected(pool),
  altered: async (by) => (await alteredIn(pool, SUBJECTS, by.subject)) ?? alteredIn(pool, KEYS, by.key),
  async exchange(how) {
    const client = await pool.connect()
    try {
      await client.query('begin')
      const exchanged = await exchangeAlone(client, how)
      await client.query(exchanged.ok ? 'commit' : 'rollback')
      return exchanged
    } catch (cause) {
      await client.query('rollback').catch(() => undefined)
      if (cause instanceof Error && 'code' in cause && cause.code === '55P03') return refuse({ why: 'busy' })
      throw cause
    } finally {
      client.release()
    }
  },
})

async function exchangeAlone(client: PoolClient, how: Exchanging): Promise<Outcome<Exchanged, NotExchanged>> {
  for (const sql of ALONE) await client.query(sql)
  const names = await connected(client)
  if (names.length > 0) return refuse({ why: 'connected', names })
  const all = 'select (select count(*) from vault_subject where wrapped is not null) + (select count(*) from vault_key where wrapped is not null) as rows'
  const of = Number((await client.query<{ rows: string }>(all)).rows[0]?.rows)
  const subjects = await exchangeTable(client, SUBJECTS, how.subject, (rows) => how.progress(rows, of))
  if (!subjects.ok) return subjects
  const keys = await exchangeTable(client, KEYS, how.key, (rows) => how.progress(subjects.value + rows, of))
  if (!keys.ok) return keys
  if (subjects.value + keys.value !== of) throw new Error(`of ${of} wrapped keys ${subjects.value + keys.value} were exchanged`)
  const decided = await how.decide()
  return decided.ok ? done({ subjects: subjects.value, keys: keys.value }) : refuse({ why: 'unrecorded', refusal: decided.refusal })
}

async function exchangeTable<Row extends object, Fresh>(
  client: PoolClient,
  table: Table<Row, Fresh>,
  by: (row: Row) => Promise<Fresh | null>,
  progress: (rows: number) => void,
): Promise<Outcome<number, NotExchanged>> {
  let exchanged = 0
  for await (const { names, fresh, altered } of pagesOf(client, table, by)) {
    if (altered !== null) return refuse({ why: 'altered', row: altered })
    exchanged += (await client.query(table.write, [names, ...table.columns(fresh)])).rowCount ?? 0
    progress(exchanged)
  }
  return done(exchanged)
}

async function alteredIn<Row extends object, Fresh>(pool: Pool, table: Table<Row, Fresh>, by: (row: Row) => Promise<Fresh | null>): Promise<string | null> {
  for await (const { altered } of pagesOf(pool, table, by)) if (altered !== null) return altered
  return null
}

type Page<Fresh> = { readonly names: readonly string[]; readonly fresh: readonly Fresh[]; readonly altered: string | null }

async function* pagesOf<Row extends object, Fresh>(
  from: Pool | PoolClient,
  { read, name }: Table<Row, Fresh>,
  by: (row: Row) => Promise<Fresh | null>,
): AsyncGenerator<Page<Fresh>> {
  for (let after: string | undefined = ''; ; ) {
    const { rows }: { rows: (Row & { readonly erased: boolean })[] } = await from.query(read, [after])
    const names = rows.map(name)
    after = names.at(-1)
    if (after === undefined) return
    const fresh = await Promise.all(rows.map(async (row) => (row.erased ? null : by(row))))
    yield { names, fresh: fresh.filter((one) => one !== null), altered: names[fresh.indexOf(null)] ?? null }
  }
}

/** INVARIANT: asked once in a transaction: a second time PostgreSQL would answer what it answered first. */
async function connected(by: Pool | PoolClient): Promise<readonly string[]> {
  const { rows } = await by.query<{ name: string }>(CONNECTED, [Object.values(PROCESS_ROLES)])
  return rows.map(({ name }) => name)
}
