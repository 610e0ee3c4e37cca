import type { Pool, PoolClient } from 'pg'
import type { Destroyed, KeyRow, PayloadRow, SubjectRow, VaultKeeping, VaultStore } from '../journal/vault/vault-store.ts'
import { Fault } from '../model/fault.ts'
import { sweep } from './vault-sweep.ts'

type Subject = { pseudonym: string; sealed: Buffer | null; wrapped: Buffer | null; erasing_at: Date | null; erased_at: Date | null }
type Payload = { index: string; key_ids: string; class: string; ciphertext: Buffer | null }

/** Entries whose ciphertexts are looked at in one step of an erasure. */
const STEP = 50_000

/** Whoever makes a key of a subject, and whoever erases it, one after the other: row locks would want the right to write the rows. */
const LOCK_SHARED = 'pg_advisory_xact_lock_shared(hashtextextended($1, 7170233004))'
const LOCK = 'pg_advisory_xact_lock(hashtextextended($1, 7170233004))'

/** The vault's keys and ciphertexts in PostgreSQL (tables `vault_*` and `payload`), as the port says. */
export function vaultStore(pool: Pool): VaultStore {
  const subjects = async (text: string, values: readonly unknown[]) => (await pool.query<Subject>({ text, values: [...values] })).rows.map(asSubject)
  const keys = async (name: string, text: string, values: readonly unknown[]) => (await pool.query<KeyRow>({ name, text, values: [...values] })).rows

  return {
    subjectByIndex: async (index) => (await subjects('select * from vault_subject where index = $1', [index]))[0] ?? null,
    subjects: (pseudonyms) => subjects('select * from vault_subject where pseudonym = any($1)', [pseudonyms]),
    async addSubject({ pseudonym, index, sealed, wrapped }) {
      await pool.query('insert into vault_subject (pseudonym, index, sealed, wrapped) values ($1, $2, $3, $4) on conflict do nothing', [
        pseudonym,
        index,
        sealed,
        wrapped,
      ])
      const [stands] = await subjects('select * from vault_subject where index = $1 or pseudonym = $2 order by index = $1 desc nulls last', [index, pseudonym])
      if (!stands) throw new Error('a subject was added and is gone')
      return stands
    },
    keyOf: async (pseudonym, month) =>
      (await keys('vault_key_of', 'select id, pseudonym, month, wrapped from vault_key where pseudonym = $1 and month = $2', [pseudonym, month]))[0] ?? null,
    async addKey({ id, pseudonym, month, wrapped }) {
      await transaction(pool, async (query) => {
        await query(`select ${LOCK_SHARED}`, [pseudonym])
        const add = `insert into vault_key (id, pseudonym, month, wrapped)
          select $1, pseudonym, $3, $4 from vault_subject where pseudonym = $2 and erasing_at is null on conflict (pseudonym, month) do nothing`
        await query(add, [id, pseudonym, month, wrapped])
      })
      const stands = 'select id, pseudonym, month, wrapped from vault_key where pseudonym = $1 and month = $2 and wrapped is not null'
      return (await keys('vault_key_stands', stands, [pseudonym, month]))[0] ?? null
    },
    keys: (ids) => keys('vault_keys', 'select id, pseudonym, month, wrapped from vault_key where id = any($1)', [ids]),
    payloads: async (indices) =>
      (
        await pool
          .query<Payload>({
            name: 'payloads',
            text: 'select index, key_ids, class, ciphertext from payload where index = any($1)',
            values: [indices],
          })
          .catch(whenOlder)
      ).rows.map(asPayload),
  }
}

/** Erasing and holding, as the owner of the tables. */
export function vaultKeeping(pool: Pool): VaultKeeping {
  return {
    async begin(pseudonym, at) {
      return transaction(pool, async (query) => {
        await query(`select ${LOCK}`, [pseudonym])
        const [row] = await query<Subject>('select * from vault_subject where pseudonym = $1', [pseudonym])
        if (!row) return { state: 'unknown' }
        if (row.erased_at !== null) return { state: 'erased' }
        const holds = await query<{ case_id: string }>('select case_id from vault_hold where pseudonym = $1 and released_at is null order by set_at', [
          pseudonym,
        ])
        if (holds.length > 0) return { state: 'held', cases: holds.map(({ case_id }) => case_id) }
        await query('update vault_subject set erasing_at = coalesce(erasing_at, $2) where pseudonym = $1', [pseudonym, new Date(at)])
        return { state: 'begun' }
      })
    },
    async destroy(pseudonym, at) {
      await transaction(pool, async (query) => {
        await query(`select ${LOCK}`, [pseudonym])
        const begun = await query('select from vault_subject where pseudonym = $1 and erasing_at is not null', [pseudonym])
        if (begun.length === 0) throw new Error(`${pseudonym} is not being erased`)
        await query('update vault_key set wrapped = null, destroyed_at = coalesce(destroyed_at, $2) where pseudonym = $1', [pseudonym, new Date(at)])
        await query('update vault_subject set index = null, sealed = null, wrapped = null, erased_at = coalesce(erased_at, $2) where pseudonym = $1', [
          pseudonym,
          new Date(at),
        ])
      })
      // Counted once the keys are gone for good: all ciphertexts are looked at for it.
      return destroyedOf(querying(pool), pseudonym)
    },
    async empty(pseudonym, from) {
      const text = `with emptied as (
          update payload set ciphertext = null where index >= $2 and index < $3 and ciphertext is not null
            and string_to_array(key_ids, '+') && array(select id from vault_key where pseudonym = $1 and destroyed_at is not null) returning 1
        ) select (select count(*)::int from emptied) as emptied, (select min(index) from payload where index >= $3) as next`
      const [row] = (await pool.query<{ emptied: number; next: string | null }>(text, [pseudonym, from, from + STEP])).rows
      return { emptied: row?.emptied ?? 0, next: row?.next ? Number(row.next) : null }
    },
    sweep: () => sweep(pool),
    async untold() {
      const query = querying(pool)
      const rows = await query<{ pseudonym: string }>('select pseudonym from vault_subject where erased_at is not null and not told', [])
      const found: (Destroyed & { readonly pseudonym: string })[] = []
      for (const { pseudonym } of rows) found.push({ pseudonym, ...(await destroyedOf(query, pseudonym)) })
      return found
    },
    told: async (pseudonym) => void (await pool.query('update vault_subject set told = true where pseudonym = $1 and erased_at is not null', [pseudonym])),
    async hold(pseudonym, caseId, at) {
      return transaction(pool, async (query) => {
        await query(`select ${LOCK}`, [pseudonym])
        const open = await query('select from vault_subject where pseudonym = $1 and erasing_at is null', [pseudonym])
        if (open.length === 0) return false
        const text = `insert into vault_hold (pseudonym, case_id, set_at) values ($1, $2, $3)
          on conflict (pseudonym, case_id) do update set set_at = case when vault_hold.released_at is null then vault_hold.set_at else $3 end, released_at = null`
        await query(text, [pseudonym, caseId, new Date(at)])
        return true
      })
    },
    async release(pseudonym, caseId, at) {
      const text = 'update vault_hold set released_at = $3 where pseudonym = $1 and case_id = $2 and released_at is null'
      return (await pool.query(text, [pseudonym, caseId, new Date(at)])).rowCount === 1
    },
  }
}

/** Undefined column: a database from before ciphertexts lay by their entries, looked at by a newer command. */
function whenOlder(cause: unknown): never {
  if (cause instanceof Error && 'code' in cause && cause.code === '42703')
    throw new Fault(
      'data_unreachable',
      'the database is of an older version, whose ciphertexts lie elsewhere',
      'start the house once with this version, or use the command of that one',
      { cause },
    )
  throw cause
}

type Query = <Row extends object>(text: string, values: readonly unknown[]) => Promise<readonly Row[]>

async function destroyedOf(query: Query, pseudonym: string): Promise<Destroyed> {
  const keys = await query<{ id: string; month: string }>('select id, month from vault_key where pseudonym = $1 order by month', [pseudonym])
  const [under] = await query<{ count: number }>("select count(*)::int as count from payload where string_to_array(key_ids, '+') && $1::text[]", [
    keys.map(({ id }) => id),
  ])
  return { keys: keys.length, months: keys.map(({ month }) => month), payloads: under?.count ?? 0 }
}

const querying =
  (on: Pool | PoolClient): Query =>
  async <Row extends object>(text: string, values: readonly unknown[]) =>
    (await on.query<Row>(text, [...values])).rows

async function transaction<T>(pool: Pool, work: (query: Query) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    // Whatever the server's default: what stands once the lock is ours counts.
    await client.query('begin isolation level read committed')
    const result = await work(querying(client))
    await client.query('commit')
    return result
  } catch (cause) {
    await client.query('rollback').catch(() => undefined)
    throw cause
  } finally {
    client.release()
  }
}

const asSubject = ({ pseudonym, sealed, wrapped, erasing_at, erased_at }: Subject): SubjectRow => ({
  pseudonym,
  sealed,
  wrapped,
  erasingAt: erasing_at?.getTime() ?? null,
  erasedAt: erased_at?.getTime() ?? null,
})
const asPayload = ({ index, key_ids, class: kind, ciphertext }: Payload): PayloadRow => ({
  index: Number(index),
  keyIds: key_ids.split('+'),
  class: kind,
  ciphertext,
})
