import { STATUSES, type Status } from '../rows.ts'
import { toDay } from './day.ts'

export type SlashOrder = 'month-first' | 'day-first'
export type Decimal = 'point' | 'comma'

/** How a file spells what can be spelled in two ways. `null`: nobody said, so what depends on it stays text. */
export type Spelling = { readonly decimal: Decimal | null; readonly dates: SlashOrder | null }

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const INTEGER_MAX = 2_147_483_647

/**
 * The day a cell names, as `2026-06-30`, or null when it names none for sure: `2026-06-30` (also with a midnight), `30-Jun-26`, `30.6.2026`, `20260630`,
 * and `6/30/2026` where the order is known. Two-digit years are of 1970 to 2069 (POSIX).
 */
export function parseDay(text: string, { dates }: Pick<Spelling, 'dates'>): string | null {
  const iso = /^(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?$/.exec(text) ?? /^(\d{4})(\d{2})(\d{2})$/.exec(text)
  if (iso !== null) return toDay(Number(iso[1]), Number(iso[2]), Number(iso[3]))
  const named = /^(\d{1,2})[- ]([A-Za-z]{3})[- ](\d{4}|\d{2})$/.exec(text)
  if (named !== null) return toDay(year(named[3]), MONTHS.indexOf((named[2] ?? '').toLowerCase()) + 1, Number(named[1]))
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})$/.exec(text)
  if (dotted !== null) return toDay(year(dotted[3]), Number(dotted[2]), Number(dotted[1]))
  const slashed = SLASHED.exec(text)
  if (slashed === null || dates === null) return null
  const [month, day] = dates === 'month-first' ? [slashed[1], slashed[2]] : [slashed[2], slashed[1]]
  return toDay(year(slashed[3]), Number(month), Number(day))
}

const SLASHED = /^(\d{1,2})\/(\d{1,2})\/(\d{4}|\d{2})$/

function year(text: string | undefined): number {
  const found = Number(text)
  if (text?.length === 4) return found
  return found < 70 ? 2000 + found : 1900 + found
}

/**
 * In which order a column writes its slashed dates: known when some day is over 12 and none contradicts it. A column whose dates could all be read
 * both ways tells nothing: guessing would move days in silence.
 */
export function slashOrderOf(cells: Iterable<string>): SlashOrder | null {
  let [dayFirst, monthFirst] = [false, false]
  for (const cell of cells) {
    const found = SLASHED.exec(cell.trim())
    if (found === null) continue
    dayFirst ||= Number(found[1]) > 12
    monthFirst ||= Number(found[2]) > 12
  }
  if (dayFirst === monthFirst) return null
  return dayFirst ? 'day-first' : 'month-first'
}

/**
 * A number as plain decimal text, not a digit lost, or null. A comma is read only where the file's spelling is known: `1,234` is a thousand here
 * and one and a bit there. No exponents, no currency signs.
 */
export function parseNumber(text: string, { decimal }: Pick<Spelling, 'decimal'>): string | null {
  const pattern = decimal === null ? PLAIN : decimal === 'point' ? /^[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?$/ : /^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?$/
  if (text.length > 40 || !pattern.test(text)) return null
  const plain = decimal === 'comma' ? text.replaceAll('.', '').replace(',', '.') : text.replaceAll(',', '')
  return plain.replace(/^\+/, '')
}

const PLAIN = /^[+-]?\d+(?:\.\d+)?$/

/** A whole number that a PostgreSQL integer holds, or null. `5.00` is whole. */
export function parseInteger(text: string, spelling: Pick<Spelling, 'decimal'>): number | null {
  const plain = parseNumber(text, spelling)
  if (plain === null || !/^-?\d+(?:\.0+)?$/.test(plain)) return null
  const found = Number(plain)
  return Math.abs(found) <= INTEGER_MAX ? found + 0 : null
}

/** One of our statuses, whatever its case and spaces, or null. */
export function parseStatus(text: string): Status | null {
  const plain = text.toLowerCase().replaceAll(/[\s-]+/g, '_')
  return STATUSES.find((status) => status === plain) ?? null
}
