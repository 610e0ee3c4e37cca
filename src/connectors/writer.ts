import type { Resource } from '../catalogue/pack.ts'
import type { Row } from '../model/row.ts'

/** One approved write: set `after` on the record with this key, of this account, if it still is as `before`. */
export type Order = {
  readonly resource: Resource
  readonly key: string
  readonly account: string
  readonly before: Row
  readonly after: Row
}

/**
 * `done`: the source said so, which proves nothing yet. `stale`: the record is other than `before`; nothing was written.
 * `refused`: the source would not, nothing was written. `unknown`: sent, and no word came back; only a read-back can tell.
 */
export type Written =
  | { readonly result: 'done' }
  | { readonly result: 'stale' }
  | { readonly result: 'refused'; readonly why: string }
  | { readonly result: 'unknown'; readonly why: string }

/**
 * The write half of a source, held by the applier alone. `write` is atomic with its before-image check and is never retried.
 * `read` gives the fields as they are now, or null when the record is not there or not the account's; it throws when the
 * source cannot be reached.
 */
export type Writer = {
  readonly write: (order: Order) => Promise<Written>
  readonly read: (resource: Resource, key: string, account: string, fields: readonly string[]) => Promise<Row | null>
}
