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
  if (predicate.op === 'eq') return found === predicate.value
  const order = compare(found, predicate.value)
  switch (predicate.op) {
    case 'gt':
      return order > 0
    case 'gte':
      return order >= 0
    case 'lt':
      return order < 0
    case 'lte':
      return order <= 0
  }
}

/** Text by code point, as sources order it: by UTF-16 units a letter beyond U+FFFF would come before U+E000. NaN is in no order. */
function compare(a: string | number | boolean, b: string | number | boolean): number {
  if (typeof a !== 'string' || typeof b !== 'string') return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN
  let at = 0
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++
  // Of two pairs that differ only in their second halves, those are in order by themselves.
  return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at))
}

/** A UTF-16 unit's place by code point: surrogates last, the end of the text (NaN) first. */
const rank = (unit: number): number => (Number.isNaN(unit) ? -1 : unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit)

/** The fields a predicate looks at: those a connector must fetch for the re-check. */
export const fieldsOf = (predicate: Predicate): readonly string[] => (predicate.op === 'and' ? predicate.all.flatMap(fieldsOf) : [predicate.field])
