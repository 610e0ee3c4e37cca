import type { Row, Scalar } from './row.ts'

/** Which rows, in terms every connector can push down. Fields are catalogue names, never columns. */
export type Predicate =
  | { readonly op: 'eq' | 'gt' | 'gte' | 'lt' | 'lte'; readonly field: string; readonly value: string | number | boolean }
  | { readonly op: 'in'; readonly field: string; readonly values: readonly (string | number)[] }
  | { readonly op: 'and'; readonly all: readonly Predicate[] }

/** Whether a row satisfies the predicate. A null, an absent field or another type never does. */
export function holds(predicate: Predicate, row: Row): boolean {
  if (predicate.op === 'and') return predicate.all.every((part) => holds(part, row))
  const found = Object.hasOwn(row, predicate.field) ? (row[predicate.field] as Scalar | undefined) : undefined
  if (predicate.op === 'in') return predicate.values.some((value) => value === found)
  if (typeof found !== typeof predicate.value || found === null || found === undefined) return false
  switch (predicate.op) {
    case 'eq':
      return found === predicate.value
    case 'gt':
      return found > predicate.value
    case 'gte':
      return found >= predicate.value
    case 'lt':
      return found < predicate.value
    case 'lte':
      return found <= predicate.value
  }
}

/** The fields a predicate looks at: those a connector must fetch for the re-check. */
export const fieldsOf = (predicate: Predicate): readonly string[] => (predicate.op === 'and' ? predicate.all.flatMap(fieldsOf) : [predicate.field])
