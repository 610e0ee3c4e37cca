import { canonical, type Json } from '../base/canonical.ts'
import type { Entry } from '../journal/entry.ts'
import { REFUSAL_CODES } from '../model/refusal.ts'
import type { EntryOf, Field, Forms } from './form.ts'
import { FORMS } from './forms.ts'
import { at, type Growing } from './place.ts'
import { type Seat, type Seats, seatsOf } from './seats.ts'
import { speller } from './spell.ts'
import type { Stamp } from './tell.ts'

export type Stamped<Kind extends string> = { readonly entry: EntryOf<Kind>; readonly stamp: Stamp }

/**
 * Reads events of these kinds back, of which `text` is the spelling. Null for anything that `speller` of the same forms could not have spelled: what is read is
 * spelled again and has to come out the same, byte for byte, so that no event says one thing to us and another to a SIEM. Throws on a value that has no spelling. @internal
 */
export function reader<Kind extends string>(forms: Forms<Kind>): (event: Json, text?: string) => Stamped<Kind> | null {
  const spelled = speller(forms)
  const seats = seatsOf(forms)
  return (event, text = canonical(event)) => {
    const kind = at(event, ['metadata', 'event_code'])
    if (typeof kind !== 'string' || !isKind(forms, kind)) return null
    const found = seats.get(kind)
    const stamp = stampOf(event)
    const entry = found && stamp && entryOf(found, kind, event)
    return entry && spelled(entry, stamp) === text ? { entry, stamp } : null
  }
}

/** The entry of an event of the journal, with its stamp. */
export const fromEvent: (event: Json, text?: string) => { readonly entry: Entry; readonly stamp: Stamp } | null = reader(FORMS)

const isKind = <Kind extends string>(forms: Forms<Kind>, kind: string): kind is Kind => Object.hasOwn(forms, kind)

/** The last millisecond that ISO 8601 spells with a year of four digits. */
const TIME_MAX = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

function stampOf(event: Json): Stamp | null {
  const time = at(event, ['time'])
  const node = at(event, ['metadata', 'log_source'])
  const uid = at(event, ['metadata', 'uid'])
  if (typeof time !== 'number' || !Number.isInteger(time) || time < 0 || time > TIME_MAX || typeof node !== 'string') return null
  if (uid === undefined) return { at: time, node }
  return typeof uid === 'string' ? { at: time, node, uid } : null
}

const OUTCOMES: ReadonlyMap<Json | undefined, Entry['outcome']> = new Map<Json | undefined, Entry['outcome']>([
  [undefined, 'done'],
  ...REFUSAL_CODES.map((code) => [code, code] as const),
])

function entryOf<Kind extends string>(seats: Seats, kind: Kind, event: Json): EntryOf<Kind> | null {
  const outcome = OUTCOMES.get(at(event, ['status_code']))
  const correlation = at(event, ['metadata', 'correlation_uid'])
  const ours = at(event, ['unmapped']) ?? {}
  const left = at(ours, ['detail'])
  if (outcome === undefined || !isObject(ours) || (left !== undefined && !isObject(left))) return null

  const known: { [F in Field | 'correlation']?: string } = typeof correlation === 'string' ? { correlation } : {}
  for (const { field, seat } of seats.fields) {
    const value = (seat && read(event, seat)) ?? ours[field]
    if (typeof value === 'string') known[field] = value
  }
  const detail: Growing = { ...left }
  let told = left !== undefined
  for (const [name, seat] of seats.detail) {
    const value = read(event, seat)
    if (value === undefined) continue
    detail[name] = value
    told = true
  }
  return told ? { kind, outcome, ...known, detail } : { kind, outcome, ...known }
}

/** A seat that says what it says of an unknown holds nothing of ours. */
function read(event: Json, seat: Seat): Json | undefined {
  const value = at(event, seat.steps)
  return value === undefined || value === seat.never ? undefined : seat.read(value)
}

const isObject = (value: Json): value is { readonly [name: string]: Json } => typeof value === 'object' && value !== null && !Array.isArray(value)
