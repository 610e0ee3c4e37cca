import { canonical, type Json } from '../base/canonical.ts'
import type { Form } from './form.ts'
import { at, type Growing, put, type There } from './place.ts'
import type { Seats } from './seats.ts'

/** The version of our forms, in `metadata.log_version`. Bodies from before there were events say `"v":1`. */
const FORMAT = '2'
const OCSF = '1.8.0'

/**
 * Which places have been said of an event, in order: events of one shape differ in the values there and nowhere else. What lies between these is spelled, and
 * its members put in order, once for all of them.
 */
export type Shape = {
  readonly seats: Seats
  readonly theres: readonly There[]
  readonly next: Map<There, Shape>
  /** Of its kind, however many places were said. */
  readonly kept: { count: number }
  layout: Layout | null
}
/** Canonical text, parted where the values of `slots` stand: one part more than slots. */
type Layout = { readonly between: readonly string[]; readonly slots: readonly number[] }

/** Our own entries have a few of each kind. A journal that somebody else wrote may have any order of any places: those beyond are not kept. */
const SHAPES_MAX = 2000

/** @internal */
export const shapeOf = (seats: Seats, theres: readonly There[] = [], kept = { count: 0 }): Shape => ({ seats, theres, next: new Map(), kept, layout: null })

export function followed(shape: Shape, there: There): Shape {
  const known = shape.next.get(there)
  if (known) return known
  const fresh = shapeOf(shape.seats, [...shape.theres, there], shape.kept)
  if (shape.kept.count < SHAPES_MAX) {
    shape.kept.count += 1
    shape.next.set(there, fresh)
  }
  return fresh
}

/** The event of this shape with these values, in canonical spelling (RFC 8785). Throws on a value that has none. */
export function filled(shape: Shape, values: readonly Json[]): string {
  shape.layout ??= layoutOf(shape)
  const { between, slots } = shape.layout
  let text = between[0] as string
  for (let i = 0; i < slots.length; i++) text += canonical(values[slots[i] as number] as Json) + (between[i + 1] as string)
  return text
}

/** Stands for the value of a slot. INVARIANT: nothing that a form puts anywhere holds a control character. */
const MARK = '\u0001'
const MARKED = /"\\u0001(\d+)"/

function layoutOf({ seats, theres }: Shape): Layout {
  const event = headOf(seats.kind, seats.form)
  for (const { steps, value } of seats.fixed) put(event, steps, value)
  for (const [slot, { steps, beside }] of theres.entries()) {
    put(event, steps, `${MARK}${slot}`)
    for (const one of beside) put(event, one.steps, one.value)
  }
  for (const { steps, value } of seats.otherwise) if (at(event, steps) === undefined) put(event, steps, value)
  const parts = canonical(event).split(MARKED)
  // A place within another's would leave a mark that is no value by itself.
  if (parts.some((part) => part.includes('\\u0001'))) throw new Error(`the form of \`${seats.kind}\` has a place within another`)
  return { between: parts.filter((_, i) => i % 2 === 0), slots: parts.filter((_, i) => i % 2 === 1).map(Number) }
}

const headOf = (kind: string, form: Form): Growing => ({
  activity_id: form.activity,
  category_uid: Math.floor(form.class / 1000),
  class_uid: form.class,
  metadata: {
    event_code: kind,
    log_name: 'journal',
    log_version: FORMAT,
    product: { name: 'Gatehouse' },
    ...(form.profiles ? { profiles: form.profiles } : {}),
    version: OCSF,
  },
})
