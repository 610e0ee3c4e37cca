export type Scalar = string | number | boolean | null

/** One record as a source gave it: field names to values nobody has looked at yet. */
export type Row = Readonly<Record<string, unknown>>

/** A field's value as it may be kept or released: null when it is not there, not a scalar, or one that JSON cannot spell (NaN, an infinity). Half a surrogate pair becomes U+FFFD. */
export function scalarOf(row: Row, name: string): Scalar {
  const value = Object.hasOwn(row, name) ? row[name] : null
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  return typeof value === 'boolean' ? value : null
}
