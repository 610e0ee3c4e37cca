import type { Entry } from '../journal/entry.ts'
import type { EntryOf, Forms } from './form.ts'
import { FORMS } from './forms.ts'
import { seatsOf } from './seats.ts'
import { filled, type Shape, shapeOf } from './shape.ts'
import { type Stamp, tell } from './tell.ts'

/** Spells entries of these kinds as OCSF 1.8.0 events, canonically (RFC 8785). Throws on a value without a spelling, and on a kind without a form, which the types rule out. */
export function speller<Kind extends string>(forms: Forms<Kind>): (entry: EntryOf<Kind>, stamp: Stamp) => string {
  const shapes: ReadonlyMap<string, Shape> = new Map([...seatsOf(forms)].map(([kind, seats]) => [kind, shapeOf(seats)]))
  return (entry, stamp) => {
    const shape = shapes.get(entry.kind)
    if (!shape) throw new Error(`no form for an entry of kind \`${entry.kind}\``)
    const told = tell(shape, entry, stamp)
    return filled(told.shape, told.values)
  }
}

/** The event of an entry of the journal, as its body is spelled. Lossless: `fromEvent` gives the entry back. */
export const spell: (entry: Entry, stamp: Stamp) => string = speller(FORMS)
