import { done, type Outcome, refuse } from '../../base/outcome.ts'
import { type Field, fieldOf } from '../../catalogue/pack.ts'
import type { Predicate } from '../../model/predicate.ts'
import { type Refusal, refusal } from '../../model/refusal.ts'
import type { Query } from '../connector.ts'

/** A statement with its bound values, and a name that is the same for the same text, so the server plans it once. */
export type Statement = { readonly text: string; readonly values: readonly unknown[] }

const CASTS: Readonly<Record<Field['type'], string>> = {
  text: 'text',
  integer: 'bigint',
  decimal: 'numeric',
  date: 'date',
  instant: 'timestamptz',
  flag: 'boolean',
}
const OPERATORS = { eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

/**
 * PostgreSQL's SQL for a query. Identifiers come from the checked pack and are quoted; every value is bound, none is ever
 * part of the text. Text is ordered, and compared for order, by code point
 * (collation "C"), as the gate's own re-check does; equality is the same under every collation and keeps its index.
 */
export function compile(query: Query): Outcome<Statement, Refusal> {
  const values: unknown[] = []
  const bind = (value: unknown): string => `$${values.push(value)}`
  const column = (name: string): string => quote(fieldOf(query.resource, name).column)
  const ordered = (name: string): string => (fieldOf(query.resource, name).type === 'text' ? `${column(name)} collate "C"` : column(name))

  function where(predicate: Predicate): string | null {
    if (predicate.op === 'and') {
      const parts = predicate.all.map(where)
      if (parts.some((part) => part === null)) return null
      return parts.length === 0 ? 'true' : parts.join(' and ')
    }
    if (!Object.hasOwn(query.resource.fields, predicate.field)) return null
    const cast = CASTS[fieldOf(query.resource, predicate.field).type]
    if (predicate.op === 'in') return `${column(predicate.field)} = any(${bind(predicate.values)}::${cast}[])`
    const side = predicate.op === 'eq' ? column(predicate.field) : ordered(predicate.field)
    return `${side} ${OPERATORS[predicate.op]} ${bind(predicate.value)}::${cast}`
  }

  const condition = where(query.rows)
  if (condition === null) return refuse(refusal('not_pushable', 'the source cannot filter by one of the arguments'))
  const fields = query.fields.map((name) => `${quote(fieldOf(query.resource, name).column)} as ${quote(name)}`).join(', ')
  const from = query.resource.relation.split('.').map(quote).join('.')
  return done({ text: `select ${fields} from ${from} where ${condition} order by ${ordered(query.resource.key)} limit ${bind(query.limit)}`, values })
}

/** INVARIANT: packs admit only names without quotes; doubling them keeps that true if one ever slips through. */
const quote = (name: string): string => (name.includes('"') ? `"${name.replaceAll('"', '""')}"` : `"${name}"`)
