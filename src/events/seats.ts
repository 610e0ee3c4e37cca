import type { Json } from '../base/canonical.ts'
import { FIELDS, type Field, type Form, type Forms } from './form.ts'
import { at, type Fixed, type Fixture, fixedOf, type Place, type There, thereAt } from './place.ts'

/** A place in a form, and the value that may not stand there as ours, because there it says that nothing is known. */
export type Seat = Place & { readonly never: Json | undefined }

/** A form with its paths split, once for all its entries. */
export type Seats = {
  readonly kind: string
  readonly form: Form
  readonly fixed: readonly Fixed[]
  readonly otherwise: readonly Fixed[]
  /** `ours`: where a value stands that has no seat, or none that takes it. */
  readonly fields: readonly { readonly field: Field; readonly seat: Seat | undefined; readonly ours: There }[]
  readonly detail: ReadonlyMap<string, Seat>
  /** Where a copy stands. */
  readonly copy: (path: string) => There
}

export const seatsOf = <Kind extends string>(forms: Forms<Kind>): ReadonlyMap<string, Seats> =>
  new Map(Object.entries<Form>(forms).map(([kind, form]) => [kind, seated(kind, form)]))

function seated(kind: string, form: Form): Seats {
  const seat = (place: Place): Seat => ({ ...place, never: within(form.otherwise, place) ?? within(form.fixed, place) })
  const copies = new Map<string, There>()
  return {
    kind,
    form,
    fixed: fixedOf(form.fixed),
    otherwise: fixedOf(form.otherwise),
    fields: FIELDS.map((field) => ({ field, seat: form.fields[field] && seat(form.fields[field]), ours: thereAt(`unmapped.${field}`) })),
    detail: new Map(Object.entries(form.detail ?? {}).map(([name, place]) => [name, seat(place)])),
    copy(path) {
      const known = copies.get(path) ?? thereAt(path)
      copies.set(path, known)
      return known
    },
  }
}

/** What a fixture puts at the place itself, or with an object above it. */
function within(fixture: Fixture | undefined, { steps }: Place): Json | undefined {
  for (const { steps: above, value } of fixedOf(fixture)) {
    if (above.every((step, i) => step === steps[i])) return at(value, steps.slice(above.length))
  }
  return undefined
}
