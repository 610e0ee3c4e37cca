import type { Json } from '../base/canonical.ts'
import { FIELDS, type Field, type Form, type Forms } from './form.ts'
import { at, type Fixed, type Fixture, fixedOf, type Place } from './place.ts'

/** A place in a form, and the value that may not stand there as ours, because there it says that nothing is known. */
export type Seat = Place & { readonly never: Json | undefined }

/** A form with its paths split, once for all its entries. */
export type Seats = {
  readonly form: Form
  readonly fixed: readonly Fixed[]
  readonly otherwise: readonly Fixed[]
  readonly fields: readonly (readonly [Field, Seat | undefined])[]
  readonly detail: ReadonlyMap<string, Seat>
}

export const seatsOf = <Kind extends string>(forms: Forms<Kind>): ReadonlyMap<string, Seats> =>
  new Map(Object.entries<Form>(forms).map(([kind, form]) => [kind, seated(form)]))

function seated(form: Form): Seats {
  const seat = (place: Place): Seat => ({ ...place, never: within(form.otherwise, place) ?? within(form.fixed, place) })
  return {
    form,
    fixed: fixedOf(form.fixed),
    otherwise: fixedOf(form.otherwise),
    fields: FIELDS.map((field) => [field, form.fields[field] && seat(form.fields[field])]),
    detail: new Map(Object.entries(form.detail ?? {}).map(([name, place]) => [name, seat(place)])),
  }
}

/** What a fixture puts at the place itself, or with an object above it. */
function within(fixture: Fixture | undefined, { steps }: Place): Json | undefined {
  for (const { steps: above, value } of fixedOf(fixture)) {
    if (above.every((step, i) => step === steps[i])) return at(value, steps.slice(above.length))
  }
  return undefined
}
