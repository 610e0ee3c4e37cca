/** A row that cannot be loaded, and why: `column` is empty when the whole row is meant. Lines count from 1, the header's included. */
export type RefusedCell = { readonly line: number; readonly column: string; readonly reason: string }

/** What became of one column of the file. */
export type ColumnReport = {
  readonly column: string
  /** The fields it fills; none: kept as text in `extra`. */
  readonly fields: readonly string[]
  /** Cells that are not what the column says, kept as text in `unparsed` beside a null. */
  readonly unparsed: number
  /** Up to three of them, for the person who wonders. */
  readonly examples: readonly string[]
  /** Cells kept in `extra`: of a column that fills no field, that contradict an earlier row about the same order or customer, or that are withheld. */
  readonly extra: number
  /** Of those, cells that name the customer, and so are not shown where the column's field is. */
  readonly withheld: number
}

export type ImportReport = {
  readonly rows: number
  readonly loaded: number
  readonly refused: readonly RefusedCell[]
  readonly columns: readonly ColumnReport[]
  readonly customers: number
  readonly orders: number
  /** SHA-256 of the file, hex. */
  readonly digest: string
  /** This very file stood there already; nothing was done. */
  readonly alreadyLoaded: boolean
}

const LINES_SHOWN = 20

/** A refused row on one line, whatever line breaks its cells have. */
export const refusedLine = ({ line, column, reason }: RefusedCell): string =>
  `line ${line}${column === '' ? '' : `, column \`${column}\``}: ${reason}`.replaceAll(/\s+/g, ' ')

/** The refused rows as lines for the terminal, the first twenty. */
export function refusedLines(refused: readonly RefusedCell[]): string {
  const shown = refused.slice(0, LINES_SHOWN).map((row) => `  ${refusedLine(row)}`)
  const rest = refused.length - shown.length
  return [...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])].join('\n')
}

/** The columns as lines for the terminal: what fills what, what was kept as text, what was kept aside. */
export function columnLines(columns: readonly ColumnReport[]): string {
  const told = columns.map(({ column, fields, unparsed, examples, extra, withheld }) => {
    const place = fields.length > 0 ? fields.join(', ') : 'kept aside'
    const text = unparsed > 0 ? `; ${unparsed} kept as text (${examples.map((example) => `\`${example}\``).join(', ')})` : ''
    const aside = fields.length > 0 && extra > withheld ? `; ${extra - withheld} kept aside, where rows of one order or customer differ` : ''
    const named = withheld > 0 ? `; ${withheld} kept aside, because an agent would see the customer's name in them` : ''
    return `  ${column} -> ${place}${text}${aside}${named}`
  })
  return told.join('\n')
}
