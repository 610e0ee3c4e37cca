import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ENTRY_SAMPLES } from '../../test/support/entry-samples.ts'
import { openOcsf } from '../../test/support/ocsf.ts'
import { canonical, type Json } from '../base/canonical.ts'
import { ENTRY_KINDS, type Entry } from '../journal/entry.ts'
import { REFUSAL_CODES } from '../model/refusal.ts'
import { FORMS } from './forms.ts'
import { fromEvent } from './from-event.ts'
import { spell } from './spell.ts'
import type { Stamp } from './tell.ts'

const judge = openOcsf()
const STAMP = { at: 1_790_000_000_000, node: 'gate' }
const sample = (kind: Entry['kind'], outcome: Entry['outcome'] = 'done'): Entry => ({ kind, outcome, ...ENTRY_SAMPLES[kind] })
const eventOf = (entry: Entry, stamp: Stamp = STAMP) => JSON.parse(spell(entry, stamp))
const asJson = <T extends Json>(value: T): T => JSON.parse(canonical(value))

/** Words that stand in events for what is not known, and names that objects have without being given them. */
const awkward = fc.constantFrom(
  '',
  'unknown',
  'console',
  'done',
  'Gatehouse',
  'gate',
  'Cedar',
  'access token',
  'session',
  'approve',
  '__proto__',
  'constructor',
  '10',
  '9',
)
const word = fc.oneof(awkward, fc.string({ unit: 'grapheme', maxLength: 12 }))
const knownNames = [...new Set(Object.values(FORMS).flatMap((form) => Object.keys(form.detail ?? {})))]
const detail = fc.dictionary(fc.oneof(fc.constantFrom(...knownNames), word), fc.oneof(word, fc.boolean(), fc.integer(), fc.jsonValue()), { maxKeys: 8 })
const entries: fc.Arbitrary<Entry> = fc
  .record(
    {
      kind: fc.constantFrom(...ENTRY_KINDS),
      outcome: fc.constantFrom('done' as const, ...REFUSAL_CODES),
      correlation: word,
      session: word,
      person: word,
      device: word,
      operation: word,
      digest: word,
      detail,
    },
    { requiredKeys: ['kind', 'outcome'] },
  )
  .filter((entry) => JSON.stringify(entry).isWellFormed() && !/\\ud[89a-f]/.test(JSON.stringify(entry)))
  .map((entry) => asJson(entry as unknown as { readonly [name: string]: Json }) as unknown as Entry)
const stamps = fc.record(
  { at: fc.integer({ min: 0, max: 253_402_300_799_999 }), node: word.filter((node) => node.isWellFormed()), uid: word },
  { requiredKeys: ['at', 'node'] },
)

describe('an event read back', () => {
  it('is the very entry, whatever stood in it, through its canonical spelling too', () => {
    fc.assert(
      fc.property(entries, stamps, (entry, stamp) => {
        const text = spell(entry, stamp)
        expect(canonical(JSON.parse(text))).toBe(text)
        expect(fromEvent(JSON.parse(text), text)).toEqual({ entry, stamp })
      }),
      { numRuns: 5_000 },
    )
  })

  it.skipIf(judge === null)('was valid by OCSF, whatever stood in the entry (skipped aloud where the schema is absent)', () => {
    fc.assert(
      fc.property(entries, stamps, (entry, stamp) => {
        expect(judge?.(eventOf(entry, stamp))).toBeNull()
      }),
      { numRuns: 1_000 },
    )
  })

  it('tells any two entries apart', () => {
    fc.assert(
      fc.property(entries, entries, (one, other) => {
        expect(spell(one, STAMP) === spell(other, STAMP)).toBe(canonical(one) === canonical(other))
      }),
    )
  })

  it.each(ENTRY_KINDS)('is null or another entry when any one thing in the event is altered, left out or added: %s', (kind) => {
    for (const outcome of ['done', 'forbidden'] as const) {
      const entry = sample(kind, outcome)
      const event = eventOf(entry)
      expect(fromEvent(event)).toEqual({ entry, stamp: STAMP })
      for (const altered of alterations(event)) {
        if (canonical(altered) === canonical(event)) continue
        const found = fromEvent(altered)
        if (found === null) continue
        // What is believed at all is spelled by us in exactly this way.
        expect(spell(found.entry, found.stamp)).toBe(canonical(altered))
        expect(found).not.toEqual({ entry, stamp: STAMP })
      }
    }
  })

  it.each([
    ['no object', null],
    ['a list', []],
    ['text', 'ask.answered'],
    ['nothing', {}],
    ['an entry of before there were events', { v: 1, at: '2026-09-01T00:00:00.000Z', node: 'gate', kind: 'house.started', outcome: 'done' }],
    ['a kind nobody knows', broken(['metadata', 'event_code'], 'house.burned')],
    ['a kind that every object has', broken(['metadata', 'event_code'], 'constructor')],
    ['another format', broken(['metadata', 'log_version'], '3')],
    ['an outcome nobody knows', broken(['status_code'], 'perhaps')],
    ['a refusal said to be a success', broken(['status_code'], 'forbidden')],
    ['the activity of another kind', broken(['activity_id'], 4)],
    ['a moment that is none', broken(['time'], 1.5)],
    ['a moment beyond the calendar', broken(['time'], 253_402_300_800_000)],
    ['a moment before the epoch', broken(['time'], -1)],
    ['no process', broken(['metadata', 'log_source'], undefined)],
    ['more than we write', broken(['message'], 'the house was started by a friend')],
    ['a member under `unmapped` that is none of ours', broken(['unmapped', 'approval'], true)],
    ['a detail that has its own place', broken(['unmapped', 'detail', 'rule'], 'r', sample('ask.refused'))],
  ] as const)('is null for %s', (_, event) => {
    expect(fromEvent(event)).toBeNull()
  })

  it('has kept the form of every kind that was ever written', () => {
    const lines = readFileSync(join(import.meta.dirname, '../../test/vectors/events.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    const kinds = lines.map((line) => {
      const found = fromEvent(JSON.parse(line))
      return found && spell(found.entry, found.stamp) === line ? found.entry.kind : null
    })
    const unfrozen = ENTRY_KINDS.filter((kind) => !kinds.includes(kind)).map((kind) => spell(sample(kind), STAMP))
    // A kind without a frozen vector: append what is shown here to test/vectors/events.jsonl.
    expect(unfrozen).toEqual([])
    expect(kinds).not.toContain(null)
  })
})

function broken(path: readonly string[], value: Json | undefined, entry = sample('house.started')): Json {
  return replaced(eventOf(entry), path, value)
}

function replaced(event: Json, [step = '', ...rest]: readonly string[], value: Json | undefined): Json {
  const { [step]: there, ...others } = (event ?? {}) as { readonly [name: string]: Json }
  const next = rest.length > 0 ? replaced(there ?? {}, rest, value) : value
  return next === undefined ? others : { ...others, [step]: next }
}

/** Every event that differs from this one in one leaf, one missing member or one member more. */
function* alterations(value: Json): Generator<Json> {
  if (Array.isArray(value)) {
    for (const i of value.keys()) for (const one of alterations(value[i])) yield value.with(i, one)
    yield [...value, 'more']
    yield value.slice(1)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value as { readonly [name: string]: Json })) {
      for (const one of alterations(member)) yield { ...value, [name]: one }
      yield replaced(value, [name], undefined)
    }
    yield { ...value, more: 1 }
  } else {
    yield typeof value === 'string' ? `${value}x` : typeof value === 'number' ? value + 1 : !value
    yield null
    yield 'unknown'
  }
}
