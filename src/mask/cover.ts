import { type Brand, mint } from '../base/brand.ts'
import { CURSOR } from '../catalogue/ask.ts'
import { type Field, fieldOf } from '../catalogue/pack.ts'
import type { Fetched } from '../connectors/fetch.ts'
import type { Cover } from '../model/cover.ts'
import { holds } from '../model/predicate.ts'
import { type Scalar, scalarOf } from '../model/row.ts'
import type { Permit } from '../policy/authorise.ts'
import { partial } from './partial.ts'
import type { Tokens } from './token.ts'

export type CoveredRow = Readonly<Record<string, Scalar>>

/** What a row was about, whom, and whose it is, in clear: for the exposure ledger's keyed digests and the journal's pseudonyms only, never released. */
export type RowSource = { readonly key: string; readonly subject: string; readonly account: string }

/** Rows that may be seen: of the permitted accounts, cut to the permitted fields, covered. `next`: the cursor for the rows after these, when there may be some. */
export type CoveredRows = Brand<
  { readonly permit: Permit; readonly rows: readonly CoveredRow[]; readonly sources: readonly RowSource[]; readonly next: string | null },
  'CoveredRows'
>

/** What stands where a value was not fetched. @internal */
export const REDACTED = '[redacted]'

/**
 * Covers whatever the source sent: the row filter is applied again, fields the permit does not name are dropped, the rest
 * covered. A row that is not the session's, or has no key, is dropped silently here, as if the source had kept to the filter.
 */
export function cover(fetched: Fetched, tokens: Tokens): CoveredRows {
  const { permit } = fetched.reserved
  const { resource } = permit.ask.operation
  const kept = fetched.rows.filter((row) => holds(permit.rows, row) && scalarOf(row, resource.key) !== null).slice(0, permit.ask.limit)
  const covers = Object.entries(permit.covers).map(([name, how]) => ({ field: fieldOf(resource, name), how }))

  const rows = kept.map((row) => Object.fromEntries(covers.map(({ field, how }) => [field.name, coverValue(field, how, scalarOf(row, field.name), tokens)])))
  // A row that does not say whom it is about counts as somebody of its own: otherwise all such rows would count as one.
  const sources = kept.map((row) => {
    const key = String(scalarOf(row, resource.key))
    return { key, subject: String(scalarOf(row, resource.subject) ?? key), account: String(scalarOf(row, resource.boundary)) }
  })
  const last = permit.ask.operation.cardinality === 'many' && kept.length === permit.ask.limit ? sources.at(-1) : undefined
  return mint<CoveredRows>({ permit, rows, sources, next: last ? tokens.seal(CURSOR, `${permit.ask.operation.name}\n${last.key}`) : null })
}

function coverValue(field: Field, how: Cover, value: Scalar, tokens: Tokens): Scalar {
  switch (how) {
    case 'clear':
      return value
    case 'redact':
      return REDACTED
    case 'partial':
      return partial(field, value)
    case 'token':
      return value === null || field.refers === undefined ? null : tokens.seal(field.refers, String(value))
  }
}
