import type { Json } from '../base/canonical.ts'

/** An event, or a part of one, while it is put together. */
export type Growing = { [name: string]: Json }

/**
 * Where one value of an entry stands in an event, and how it is spelled there. Both ways are inverse: `read(write(v))` is `v`. What a place
 * cannot hold (`write` gives undefined) keeps its own name under `unmapped`, so that nothing is lost and nothing is guessed.
 */
export type Place = There & {
  /** As documentation names it: `api.request.data`, `resources.0.uid`. */
  readonly path: string
  readonly write: (value: Json) => Json | undefined
  readonly read: (value: Json) => Json | undefined
}

/** A value that is always the same at its path. */
export type Fixed = { readonly steps: readonly string[]; readonly value: Json }
export type Fixture = { readonly [path: string]: Json }

export const fixedOf = (fixture: Fixture = {}): readonly Fixed[] => Object.entries(fixture).map(([path, value]) => ({ steps: path.split('.'), value }))

/** Where a value stands in an event, and what OCSF wants beside it. Each is one object, known again by being the same. */
export type There = { readonly steps: readonly string[]; readonly beside: readonly Fixed[] }

/** Beside which OCSF wants nothing. */
export const thereAt = (path: string): There => ({ steps: path.split('.'), beside: [] })

const place = (path: string, beside: Fixture, write: Place['write'], read: Place['read'] = write): Place => ({
  path,
  steps: path.split('.'),
  write,
  read,
  beside: fixedOf(beside),
})

const isText = (value: Json): Json | undefined => (typeof value === 'string' ? value : undefined)
const isWhole = (value: Json): Json | undefined => (Number.isSafeInteger(value) ? value : undefined)
const isTexts = (value: Json): Json | undefined => (Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined)

export const text = (path: string, beside: Fixture = {}): Place => place(path, beside, isText)
export const whole = (path: string, beside: Fixture = {}): Place => place(path, beside, isWhole)
/** Only these words; any other stays ours. */
export const word = (path: string, words: readonly string[]): Place =>
  place(path, {}, (value) => (typeof value === 'string' && words.includes(value) ? value : undefined))
/** Only where OCSF says `json_t`, or under `unmapped`. */
export const json = (path: string, beside: Fixture = {}): Place => place(path, beside, (value) => value)

/** A number of ours where OCSF wants a string. */
export const numeral = (path: string): Place =>
  place(
    path,
    {},
    (value) => (typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0) ? `${value}` : undefined),
    (value) => (typeof value === 'string' && /^(0|-?[1-9]\d{0,15})$/.test(value) ? Number(value) : undefined),
  )

/** A word of ours where OCSF has a number for it. */
export const choice = (path: string, codes: readonly (readonly [ours: string | boolean, theirs: number])[]): Place =>
  place(
    path,
    {},
    (value) => codes.find(([ours]) => ours === value)?.[1],
    (value) => codes.find(([, theirs]) => theirs === value)?.[0],
  )

/** Texts of ours, each alone in an object of its own, at `inner` in it. */
export const each = (path: string, inner: readonly string[]): Place => {
  const wrapped = (one: string): Json => inner.reduceRight<Json>((value, step) => ({ [step]: value }), one)
  return place(
    path,
    {},
    (value) => (isTexts(value) === undefined ? undefined : (value as readonly string[]).map(wrapped)),
    (value) => isTexts((Array.isArray(value) ? (value as readonly Json[]) : []).map((one) => at(one, inner) ?? null)),
  )
}

/** What stands there, or undefined. */
export function at(event: Json, steps: readonly string[]): Json | undefined {
  let found: Json | undefined = event
  for (const step of steps) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined
    found = (found as { readonly [name: string]: Json })[step]
  }
  return found
}

/** Puts a value there, making the objects and arrays on the way. A step of digits is a place in an array. */
export function put(event: Growing, steps: readonly string[], value: Json): void {
  let here = event
  const last = steps.length - 1
  for (let i = 0; i < last; i++) {
    const step = steps[i] ?? ''
    here[step] ??= isPlaceInArray(steps[i + 1]) ? [] : {}
    here = here[step] as Growing
  }
  here[steps[last] ?? ''] = value
}

const isPlaceInArray = (step: string | undefined): boolean => step === '0'
