import type { Outcome } from '../base/outcome.ts'
import type { Resource } from '../catalogue/pack.ts'
import type { Predicate } from '../model/predicate.ts'
import type { Refusal } from '../model/refusal.ts'
import type { Row } from '../model/row.ts'

/** What a source is asked for: never SQL, a filter text or a URL; catalogue names and typed values only. */
export type Query = {
  readonly resource: Resource
  readonly fields: readonly string[]
  readonly rows: Predicate
  /** Accounts the source itself must confine the answer to, beside the predicate. */
  readonly accounts: readonly string[]
  /** Rows at most; in ascending order of the resource's key. */
  readonly limit: number
}

/**
 * A source of records. Answers rows keyed by catalogue field names, values as string, number, boolean or null: dates
 * `YYYY-MM-DD`, instants ISO 8601 in UTC, decimals as numbers. It pushes projection and predicate down, and refuses
 * `not_pushable` rather than read wide. Refuses `source_unavailable` (not reached: nothing was read) and `source_failed`
 * (reached, and not understood or too slow). Never retries a write, never lets a vendor's error text out. A row of another
 * account and an absent one look alike: no row. Callable concurrently.
 */
export type Connector = {
  readonly read: (query: Query) => Promise<Outcome<readonly Row[], Refusal>>
}
