import { type Brand, mint } from '../base/brand.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Reserved } from '../limits/reserve.ts'
import { holds } from '../model/predicate.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import type { Row } from '../model/row.ts'
import type { Connector } from './connector.ts'

/** Rows as the source sent them: unchecked, uncovered. They never leave the gate. */
export type Fetched = Brand<{ readonly reserved: Reserved; readonly rows: readonly Row[] }, 'Fetched'>

export type Fetch = (reserved: Reserved) => Promise<Outcome<Fetched, Refusal>>

/** The one record that was asked for: whatever else the source sent, and in whatever order, is not it. Null when it is not there. */
export const recordIn = ({ reserved, rows }: Fetched): Row | null => rows.find((row) => holds(reserved.permit.rows, row)) ?? null

/** Asks the operation's own system, for the permitted fields and rows and not one more. One record that is not there, or not this session's, is `not_found`. */
export function fetcher(connectors: Readonly<Record<string, Connector>>): Fetch {
  return async (reserved) => {
    const { permit } = reserved
    const { operation, limit } = permit.ask
    const connector = connectors[operation.system]
    if (!connector) throw new Error(`no connector for system ${operation.system}`)
    const rows = await connector.read({ resource: operation.resource, fields: permit.fetch, rows: permit.rows, accounts: permit.accounts, limit })
    if (!rows.ok) return rows
    const fetched = mint<Fetched>({ reserved, rows: rows.value })
    if (operation.cardinality === 'one' && recordIn(fetched) === null) return refuse(refusal('not_found', 'there is no such record among your accounts'))
    return done(fetched)
  }
}
