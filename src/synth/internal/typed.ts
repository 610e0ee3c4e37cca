import { parseDay, parseInteger, parseNumber, parseStatus, type Spelling, slashOrderOf } from './cell.ts'
import { type Columns, nameOf } from './columns.ts'
import type { CsvRecord } from './csv.ts'
import { FIELDS, type Field } from './fields.ts'

/** The cells of one row as what their columns say, null for those that are empty or are not that. */
export type Typed = ReadonlyMap<Field, string | number | null>

/** How each day column writes its slashed dates: as the mapping says, else as the column itself gives away. */
export function spellings(records: readonly CsvRecord[], { placeOf }: Columns, spelling: Spelling): ReadonlyMap<Field, Spelling> {
  const days = [...placeOf].filter(([field]) => FIELDS[field].kind === 'day')
  return new Map(days.map(([field, place]) => [field, { ...spelling, dates: spelling.dates ?? slashOrderOf(records.map(({ cells }) => cells[place] ?? '')) }]))
}

/** Types the cells; those that are not what their column says come back as text, by the column's name. */
export function typeCells(
  cellOf: (field: Field) => string,
  columns: Columns,
  spellingOf: (field: Field) => Spelling,
): { readonly typed: Typed; readonly unparsed: ReadonlyMap<string, string> } {
  const [typed, unparsed]: [Map<Field, string | number | null>, Map<string, string>] = [new Map(), new Map()]
  for (const field of [...columns.placeOf.keys(), ...columns.always.keys()]) {
    const cell = cellOf(field)
    const value = cell === '' ? null : typeCell(field, cell, spellingOf(field))
    typed.set(field, value)
    if (value === null && cell !== '') unparsed.set(nameOf(columns, field) || field, cell)
  }
  return { typed, unparsed }
}

function typeCell(field: Field, cell: string, spelling: Spelling): string | number | null {
  switch (FIELDS[field].kind) {
    case 'text':
      return cell
    case 'day':
      return parseDay(cell, spelling)
    case 'integer':
      return parseInteger(cell, spelling)
    case 'number':
      return parseNumber(cell, spelling)
    case 'status':
      return parseStatus(cell)
  }
}
