import type { Pool } from 'pg'

/** Entries below this have left the journal's table, as the database says; 0 when none have. */
export const prunedSize = (pool: Pool) => async (): Promise<number> => {
  const { rows } = await pool.query<{ size: string | null }>({ name: 'journal_pruned', text: 'select max(size) as size from journal_pruned' }).catch(whenOlder)
  return Number(rows[0]?.size ?? 0)
}

/**
 * Takes entries `from` to `to` (exclusive; bundles' borders) out of the table, as its owner, and no other. In one transaction: who reads meanwhile finds them there or is
 * told that they left.
 */
export const pruneTo =
  (pool: Pool) =>
  async (from: number, to: number): Promise<void> => {
    const text = `with told as (insert into journal_pruned (size) values ($2) on conflict do nothing) delete from journal_entry where index >= $1 and index < $2`
    await pool.query(text, [from, to])
  }

/** Cases that somebody keeps something for: as long as one stands, nothing is pruned. */
export const openHolds = (pool: Pool) => async (): Promise<readonly string[]> => {
  const { rows } = await pool.query<{ case_id: string }>('select distinct case_id from vault_hold where released_at is null order by case_id')
  return rows.map(({ case_id }) => case_id)
}

/** Undefined table: a journal from before anything could leave it, looked at by who is newer. */
function whenOlder(cause: unknown): { readonly rows: readonly { readonly size: null }[] } {
  if (cause instanceof Error && 'code' in cause && cause.code === '42P01') return { rows: [] }
  throw cause
}
