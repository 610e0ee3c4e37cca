import pg from 'pg'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Refusal, refusal } from '../model/refusal.ts'

/**
 * What the work comes to, or `store_unavailable` when our database does not answer: no connection, shutting down, out of room, cut
 * off, too slow. What the database itself objects to (a missing table, a broken constraint) is our bug and is thrown on.
 */
export async function reach<T>(work: () => Promise<T>): Promise<Outcome<T, Refusal>> {
  try {
    return done(await work())
  } catch (cause) {
    if (cause instanceof pg.DatabaseError && !PASSING.has(cause.code?.slice(0, 2) ?? '')) throw cause
    if (cause instanceof TypeError || cause instanceof RangeError) throw cause
    return refuse(refusal('store_unavailable', "the gate's database does not answer"))
  }
}

/** Classes of SQLSTATE that say "not now": connection, rollback, resources, operator, system; and being read-only after a failover (25), or locked (55). */
const PASSING: ReadonlySet<string> = new Set(['08', '25', '40', '53', '55', '57', '58'])
