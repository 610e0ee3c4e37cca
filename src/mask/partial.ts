import type { Field } from '../catalogue/pack.ts'
import type { Scalar } from '../model/row.ts'

/**
 * A hint that lets a person recognise a value and nobody reconstruct it: an e-mail's domain, a phone's last two digits,
 * initials of a name, a date's month, a number's magnitude. Text shorter than four letters gives nothing away.
 */
export function partial(field: Field, value: Scalar): Scalar {
  if (value === null) return null
  if (typeof value === 'boolean') return '•'
  if (typeof value === 'number') return magnitude(value)
  // By what the value is, not by what the field says: a source may send a name where a date belongs.
  if ((field.type === 'date' || field.type === 'instant') && /^\d{4}-\d\d-\d\d/.test(value)) return value.slice(0, 7)
  if (/^[^\s@]+@[^\s@]+$/.test(value)) return `•••${value.slice(value.indexOf('@'))}`
  if (/^[+\d][\d\s()./x-]{5,}$/.test(value)) return `•••${value.replace(/\D/g, '').slice(-2)}`
  if (value.length < 4) return '•••'
  return value
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(([first, ...rest]) => (rest.length > 0 ? `${first}•` : '•'))
    .join(' ')
}

function magnitude(value: number): string {
  if (value === 0) return '0'
  const power = 10 ** Math.floor(Math.log10(Math.abs(value)))
  return `${value < 0 ? '-' : ''}${power}–${power * 10}`
}
