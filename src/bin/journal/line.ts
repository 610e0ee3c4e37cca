import type { Found } from '../../journal/source-search.ts'
import { plain } from './plain.ts'

/** An entry on one line of a terminal: what it is, who, and its details. What somebody else wrote cannot steer the terminal. */
export function lineOf(found: Found): string {
  if ('fault' in found) return plain(`${found.index}  ! ${found.fault}`)
  const { at, kind, outcome, person, device, session, operation, correlation, detail } = found.entry
  const who = [person, session && `session ${session}`, device && `device ${device}`].filter(Boolean).join(', ')
  const what = [`${kind}${outcome === 'done' ? '' : ` refused: ${outcome}`}`, operation, who, correlation].filter(Boolean).join('  ')
  return plain(`${found.index}  ${at}  ${what}${detail ? `  ${JSON.stringify(detail)}` : ''}`)
}
