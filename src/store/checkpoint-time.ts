import type { Pool } from 'pg'

/** When the checkpoint of a size was kept, milliseconds since the epoch: for people to read, not under any signature. */
export async function checkpointTime(pool: Pool, size: number): Promise<number> {
  const found = await pool.query<{ signed_at: Date }>('select signed_at from journal_checkpoint where size = $1', [size])
  return found.rows[0]?.signed_at.getTime() ?? 0
}
