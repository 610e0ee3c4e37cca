export type Scalar = string | number | boolean | null

/** One record as a source gave it: field names to values nobody has looked at yet. */
export type Row = Readonly<Record<string, unknown>>
