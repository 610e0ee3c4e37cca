import type { Mapping } from '../mapping.ts'
import type { RefusedCell } from '../report.ts'
import { FIELD_NAMES, FIELDS, type Field, KNOWN_FILES, plainHeader } from './fields.ts'

/** What fills each field: a column by its place, or one text for all rows. */
export type Columns = {
  /** The headers, each once: a second `date` is `date (2)`. */
  readonly names: readonly string[]
  readonly placeOf: ReadonlyMap<Field, number>
  readonly always: ReadonlyMap<Field, string>
}

/** Finds the columns: what the mapping file says first, then a known file's own meaning, then headers we know. Lists what is missing or not there. */
export function findColumns(headers: readonly string[], mapping: Mapping): { readonly columns: Columns; readonly refused: readonly RefusedCell[] } {
  const names = distinct(headers)
  const plain = names.map(plainHeader)
  const known = KNOWN_FILES.find(({ signature }) => signature.every((header) => plain.includes(header)))
  const [placeOf, always]: [Map<Field, number>, Map<Field, string>] = [new Map(), new Map()]
  const refused: RefusedCell[] = []
  for (const field of FIELD_NAMES) {
    const said = mapping.fields.get(field)
    if (said === null) continue
    if (said !== undefined && 'always' in said) {
      always.set(field, said.always)
      continue
    }
    const wanted = said === undefined ? [known?.headers[field] ?? FIELDS[field].known].flat() : [plainHeader(said.header)]
    const place = wanted.map((header) => plain.indexOf(header)).find((index) => index !== -1)
    const constant = known?.always[field]
    if (place !== undefined) placeOf.set(field, place)
    else if (said !== undefined) refused.push({ line: 1, column: said.header, reason: `the mapping names it for ${field}, but the file has no such column` })
    else if (constant !== undefined) always.set(field, constant)
  }
  const has = (field: Field): boolean => placeOf.has(field) || (field !== 'shipment_id' && always.has(field))
  if (!has('shipment_id')) refused.push({ line: 1, column: 'shipment_id', reason: 'no column holds the shipment identifier; name it in a mapping file' })
  if (!has('customer') && !has('customer_id')) {
    refused.push({
      line: 1,
      column: 'customer',
      reason: 'no column says whose shipment it is, so no account could be kept from another; name it in a mapping file',
    })
  }
  return { columns: { names, placeOf, always }, refused }
}

function distinct(headers: readonly string[]): readonly string[] {
  const used = new Set<string>()
  return headers.map((header, index) => {
    const name = header.trim() || `column ${index + 1}`
    let own = name
    for (let again = 2; used.has(own); again++) own = `${name} (${again})`
    used.add(own)
    return own
  })
}

/** The header that fills this field, empty when none does. */
export const nameOf = ({ names, placeOf }: Columns, field: Field): string => names[placeOf.get(field) ?? -1] ?? ''
