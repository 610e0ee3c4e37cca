import type { Pool } from 'pg'
import type { Ledger } from '../limits/ledger.ts'
import { reach } from './reach.ts'

/** The exposure ledger in PostgreSQL, as the port says: added first and counted after, so of two asks at once at least one sees both. */
export function exposureLedger(pool: Pool): Ledger {
  return {
    spend: (session, kind, digests) =>
      reach(async () => {
        await pool.query({
          name: 'exposure_spend',
          text: 'insert into exposure (session, kind, digest) select $1, $2, unnest($3::bytea[]) on conflict do nothing',
          values: [session, kind, digests.map((digest) => Buffer.from(digest))],
        })
        const counted = await pool.query<{ count: number }>({
          name: 'exposure_count',
          text: 'select count(*)::int as count from exposure where session = $1 and kind = $2',
          values: [session, kind],
        })
        return counted.rows[0]?.count ?? 0
      }),
  }
}
