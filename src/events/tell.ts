import type { Json } from '../base/canonical.ts'
import { type EntryOf, SEVERITY, STATUS } from './form.ts'
import { type There, thereAt } from './place.ts'
import type { Seat } from './seats.ts'
import { followed, type Shape } from './shape.ts'

/** When (milliseconds since the epoch) and by which process an entry was recorded. `uid`: of the event, where something outside the log refers to it. */
export type Stamp = { readonly at: number; readonly node: string; readonly uid?: string }

/** What has been said of an event so far. `activity`: its `activity_id`, as said last. */
export type Telling = { shape: Shape; readonly values: Json[]; activity: Json }

const CORRELATION = thereAt('metadata.correlation_uid')
const NODE = thereAt('metadata.log_source')
const UID = thereAt('metadata.uid')
const SEVERITY_ID = thereAt('severity_id')
const STATUS_CODE = thereAt('status_code')
const STATUS_ID = thereAt('status_id')
const TIME = thereAt('time')
const TYPE = thereAt('type_uid')
const DETAIL = thereAt('unmapped.detail')

/** Says of an entry all that is not the same in every entry of its kind. What is said later stands over what was said before. */
export function tell(shape: Shape, entry: EntryOf<string>, stamp: Stamp): Telling {
  const { form, fields, detail, copy } = shape.seats
  const told: Telling = { shape, values: [], activity: form.activity }
  const done = entry.outcome === 'done'
  if (entry.correlation !== undefined) say(told, CORRELATION, entry.correlation)
  say(told, NODE, stamp.node)
  if (stamp.uid !== undefined) say(told, UID, stamp.uid)
  say(told, SEVERITY_ID, done ? form.severity : Math.max(form.severity, SEVERITY.low))
  if (!done) say(told, STATUS_CODE, entry.outcome)
  say(told, STATUS_ID, done ? (form.status ?? STATUS.success) : STATUS.failure)
  say(told, TIME, stamp.at)

  for (const { field, seat, ours } of fields) {
    const value = entry[field]
    if (value !== undefined && !(seat && seated(told, seat, value))) say(told, ours, value)
  }
  if (entry.detail) tellDetail(told, entry.detail, detail)

  if (form.copies) for (const [path, value] of Object.entries(form.copies(entry))) say(told, copy(path), value)
  say(told, TYPE, form.class * 100 + Number(told.activity))
  return told
}

/** Details without a place go to `unmapped.detail`; so does `{}`, lest it be taken for none. */
function tellDetail(told: Telling, detail: { readonly [name: string]: Json }, seats: ReadonlyMap<string, Seat>): void {
  const left: [string, Json][] = []
  const names = Object.keys(detail)
  for (const name of names) {
    const value = detail[name] ?? null
    const seat = seats.get(name)
    if (!(seat && seated(told, seat, value))) left.push([name, value])
  }
  // From entries: a name may be `__proto__`.
  if (left.length > 0 || names.length === 0) say(told, DETAIL, Object.fromEntries(left))
}

function seated(told: Telling, seat: Seat, value: Json): boolean {
  const theirs = seat.write(value)
  if (theirs === undefined || theirs === seat.never) return false
  say(told, seat, theirs)
  return true
}

function say(told: Telling, there: There, value: Json): void {
  told.shape = followed(told.shape, there)
  told.values.push(value)
  if (there.steps[0] === 'activity_id') told.activity = value
}
