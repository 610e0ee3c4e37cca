import type { Json } from '../base/canonical.ts'
import { FIELDS, type Form } from '../events/form.ts'
import { FORMS } from '../events/forms.ts'
import { text, whole } from '../events/place.ts'
import type { Recorded } from './recorded.ts'

/** The last millisecond that ISO 8601 spells with a year of four digits, as `events/` reads it. */
const TIME_MAX = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** Where bodies of one shape differ. Slots of one `group` hold the same text. */
type Slot = { readonly path: string; readonly kind: 'text' | 'whole'; readonly max: number; readonly group: string | null }

/**
 * What is the same in all bodies of one shape, and the slots between: a body that fits is an event that `parseRecorded` would read, found without taking it
 * apart. `slots.length` is one less than `between.length`; a text that stands in `not` would have been spelled elsewhere.
 */
export type Template = { readonly between: readonly string[]; readonly slots: readonly Slot[]; readonly not: readonly string[] }

/** The shape of a body that `parseRecorded` has read; null where nothing is known to be free to differ, or the text has escapes. */
export function templateOf(body: string, entry: Recorded): Template | null {
  if (entry.v !== 2 || body.includes('\\')) return null
  const form: Form = FORMS[entry.kind]
  const free = freePaths(form, entry)
  const between: string[] = ['']
  const slots: Slot[] = []
  const say = (piece: string): void => void (between[between.length - 1] += piece)
  const spell = (value: Json, path: string): void => {
    if (typeof value === 'object' && value !== null) return Array.isArray(value) ? spellList(value, path) : spellMembers(value as Members, path)
    const slot = free(path, value)
    if (!slot) return say(JSON.stringify(value))
    if (slot.kind === 'text') say('"')
    slots.push(slot)
    between.push(slot.kind === 'text' ? '"' : '')
  }
  const spellList = (list: readonly Json[], path: string): void => {
    say('[')
    for (const [i, one] of list.entries()) {
      if (i > 0) say(',')
      spell(one, `${path}.${i}`)
    }
    say(']')
  }
  const spellMembers = (members: Members, path: string): void => {
    say('{')
    for (const [i, name] of Object.keys(members).toSorted().entries()) {
      say(`${i > 0 ? ',' : ''}${JSON.stringify(name)}:`)
      spell(members[name] ?? null, path === '' ? name : `${path}.${name}`)
    }
    say('}')
  }
  spell(JSON.parse(body) as Json, '')
  const template = { between, slots, not: constantsOf(form) }
  return slots.length > 0 && fits(template, body) ? template : null
}

type Members = { readonly [name: string]: Json }

/**
 * Where in a body that fits each slot begins and ends, two numbers for each in their order; null for a body that does not. INVARIANT: the text came out of a
 * strict UTF-8 decoder and holds no backslash, so a text ends at the next quote. What is in a slot is not cut out unless it is looked at: that would cost more
 * than to find it.
 */
export function fits({ between, slots, not }: Template, body: string): readonly number[] | null {
  const [first = ''] = between
  // Slices compare in one go, where `startsWith` goes letter by letter.
  if (body.slice(0, first.length) !== first) return null
  let at = first.length
  const spans: number[] = []
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] as Slot
    const end = slot.kind === 'text' ? body.indexOf('"', at) : endOfNumber(body, at)
    if (end < 0) return null
    if (slot.kind === 'whole' ? !isWhole(body, at, end, slot.max) : isAmong(not, body, at, end) || hasControl(body, at, end)) return null
    if (slot.group !== null)
      for (let j = 0; j < i; j++) if (slots[j]?.group === slot.group && body.slice(spans[2 * j], spans[2 * j + 1]) !== body.slice(at, end)) return null
    spans.push(at, end)
    const constant = between[i + 1] as string
    at = end + constant.length
    if (body.slice(end, at) !== constant) return null
  }
  return at === body.length ? spans : null
}

/**
 * Which leaves of an event may hold any text or whole number without its being another event. Only what the forms put through as it is: the stamp, the
 * correlation and its verbatim copies, the members of `FIELDS`, texts and numbers that have a place of their own, and leaves within a place for any JSON.
 */
function freePaths(form: Form, entry: Recorded): (path: string, value: Json) => Slot | null {
  const copied = readByCopies(form, entry)
  const known = new Map<string, string | null>([['metadata.uid', null]])
  const open: string[] = []
  if (entry.correlation !== undefined) {
    known.set('metadata.correlation_uid', 'correlation')
    for (const [path, value] of Object.entries(form.copies?.(entry) ?? {})) if (value === entry.correlation) known.set(path, 'correlation')
  }
  for (const field of FIELDS) {
    if (entry[field] === undefined || copied.has(field)) continue
    const place = form.fields[field]
    if (!place) known.set(`unmapped.${field}`, null)
    else if (place.write === TEXT) known.set(place.path, null)
  }
  if (!copied.has('detail')) {
    for (const place of Object.values(form.detail ?? {})) {
      if (place.write === TEXT || place.write === WHOLE) known.set(place.path, null)
      else if (place.write(ANY) === ANY) open.push(`${place.path}.`)
    }
    // Details without a place: only those known to be of every entry's own.
    for (const name of ['payload', 'concerns']) if (!form.detail?.[name]) open.push(`unmapped.detail.${name}.`)
  }
  return (path, value) => {
    const max = path === 'time' ? TIME_MAX : Number.MAX_SAFE_INTEGER
    if (typeof value === 'number')
      return path === 'time' || ((known.has(path) || open.some((one) => path.startsWith(one))) && Number.isInteger(value) && value >= 0 && value <= max)
        ? { path, kind: 'whole', max, group: null }
        : null
    if (typeof value !== 'string') return null
    const group = known.get(path)
    if (group === undefined && !open.some((one) => path.startsWith(one))) return null
    return { path, kind: 'text', max, group: group ?? null }
  }
}

const TEXT = text('').write
const WHOLE = whole('').write
const ANY: Json = {}

/** What of an entry its copies are made of: while that stays the same, so do they. The correlation they only repeat. */
function readByCopies(form: Form, entry: Recorded): ReadonlySet<string> {
  const read = new Set<string>()
  form.copies?.(new Proxy(entry, { get: (target, name) => (read.add(String(name)), Reflect.get(target, name) as unknown) }))
  return read
}

/** Every text that the form itself puts somewhere: what says that nothing is known is among them. */
function constantsOf({ fixed = {}, otherwise = {} }: Form): readonly string[] {
  const found = new Set<string>()
  const look = (value: Json): void => {
    if (typeof value === 'string') found.add(value)
    else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) look(one)
  }
  look({ ...fixed })
  look({ ...otherwise })
  return [...found]
}

function endOfNumber(body: string, from: number): number {
  let at = from
  while (body.charCodeAt(at) >= 48 && body.charCodeAt(at) <= 57) at += 1
  return at > from ? at : -1
}

/** Whether digits are in the one spelling that canonical JSON has for their number. */
const isWhole = (body: string, from: number, end: number, max: number): boolean =>
  end - from <= 16 && (end === from + 1 || body.charCodeAt(from) !== 48) && Number(body.slice(from, end)) <= max

function isAmong(words: readonly string[], body: string, from: number, end: number): boolean {
  for (const word of words) if (word.length === end - from && word === body.slice(from, end)) return true
  return false
}

function hasControl(body: string, from: number, end: number): boolean {
  for (let i = from; i < end; i++) if (body.charCodeAt(i) < 32) return true
  return false
}
