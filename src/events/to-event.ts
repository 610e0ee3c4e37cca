import type { Json } from '../base/canonical.ts'
import type { Entry } from '../journal/entry.ts'
import { type EntryOf, type Form, type Forms, SEVERITY, STATUS } from './form.ts'
import { FORMS } from './forms.ts'
import { at, fixedOf, type Growing, put } from './place.ts'
import { type Seat, type Seats, seatsOf } from './seats.ts'

/** The version of our forms, in `metadata.log_version`. Bodies from before there were events say `"v":1`. */
const FORMAT = '2'
const OCSF = '1.8.0'

/** When (milliseconds since the epoch) and by which process an entry was recorded. `uid`: of the event, where something outside the log refers to it. */
export type Stamp = { readonly at: number; readonly node: string; readonly uid?: string }

/** An OCSF 1.8.0 event. */
export type OcsfEvent = { readonly [name: string]: Json }

/** Spells entries of these kinds as events. Throws on a kind without a form, which the types rule out. */
export function writer<Kind extends string>(forms: Forms<Kind>): (entry: EntryOf<Kind>, stamp: Stamp) => OcsfEvent {
  const seats = seatsOf(forms)
  return (entry, stamp) => {
    const found = seats.get(entry.kind)
    if (!found) throw new Error(`no form for an entry of kind \`${entry.kind}\``)
    return spelled(found, entry, stamp)
  }
}

/** The event of an entry of the journal. Lossless: `fromEvent` gives the entry back. */
export const toEvent: (entry: Entry, stamp: Stamp) => OcsfEvent = writer(FORMS)

function spelled(seats: Seats, entry: EntryOf<string>, stamp: Stamp): OcsfEvent {
  const { form } = seats
  const event: Growing = headOf(form, entry, stamp)
  for (const { steps, value } of seats.fixed) put(event, steps, value)

  const ours: Growing = {}
  for (const [field, seat] of seats.fields) {
    const value = entry[field]
    if (value !== undefined && !(seat && seated(event, seat, value))) ours[field] = value
  }
  if (entry.detail) putDetail(event, ours, entry.detail, seats.detail)
  for (const name of Object.keys(ours)) put(event, ['unmapped', name], ours[name] ?? null)

  if (form.copies) for (const { steps, value } of fixedOf(form.copies(entry))) put(event, steps, value)
  for (const { steps, value } of seats.otherwise) if (at(event, steps) === undefined) put(event, steps, value)
  event['type_uid'] = form.class * 100 + Number(event['activity_id'])
  return event
}

function headOf(form: Form, { kind, outcome, correlation }: EntryOf<string>, stamp: Stamp): Growing {
  const done = outcome === 'done'
  return {
    activity_id: form.activity,
    category_uid: Math.floor(form.class / 1000),
    class_uid: form.class,
    metadata: {
      ...(correlation === undefined ? {} : { correlation_uid: correlation }),
      event_code: kind,
      log_name: 'journal',
      log_source: stamp.node,
      log_version: FORMAT,
      product: { name: 'Gatehouse' },
      ...(form.profiles ? { profiles: form.profiles } : {}),
      ...(stamp.uid === undefined ? {} : { uid: stamp.uid }),
      version: OCSF,
    },
    severity_id: done ? form.severity : Math.max(form.severity, SEVERITY.low),
    ...(done ? {} : { status_code: outcome }),
    status_id: done ? (form.status ?? STATUS.success) : STATUS.failure,
    time: stamp.at,
    type_uid: 0,
  }
}

/** Details without a place go to `unmapped.detail`; so does `{}`, lest it be taken for none. */
function putDetail(event: Growing, ours: Growing, detail: { readonly [name: string]: Json }, seats: ReadonlyMap<string, Seat>): void {
  const names = Object.keys(detail)
  const left = names.filter((name) => {
    const seat = seats.get(name)
    return !(seat && seated(event, seat, detail[name] ?? null))
  })
  if (left.length > 0 || names.length === 0) ours['detail'] = Object.fromEntries(left.map((name) => [name, detail[name] ?? null]))
}

function seated(event: Growing, seat: Seat, value: Json): boolean {
  const theirs = seat.write(value)
  if (theirs === undefined || theirs === seat.never) return false
  put(event, seat.steps, theirs)
  for (const { steps, value: beside } of seat.beside) put(event, steps, beside)
  return true
}
