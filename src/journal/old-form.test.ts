import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ENTRY_SAMPLES } from '../../test/support/entry-samples.ts'
import { utf8 } from '../base/bytes.ts'
import { canonical } from '../base/canonical.ts'
import { spell } from '../events/spell.ts'
import { ENTRY_KINDS, type Entry } from './entry.ts'
import { isOldForm } from './old-form.ts'
import { parseRecorded } from './recorded.ts'

const STAMP = { at: Date.UTC(2026, 8, 1), node: 'gate' }
const asEvent = (entry: Entry): Uint8Array => utf8(spell(entry, STAMP))
const asBefore = (entry: Entry): Uint8Array => utf8(canonical({ v: 1, at: '2026-09-01T00:00:00.000Z', node: STAMP.node, ...entry }))
const told = (body: Uint8Array) => [parseRecorded(body)?.v, isOldForm(body)]

describe('isOldForm', () => {
  it.each(ENTRY_KINDS)('tells the two forms of %s apart', (kind) => {
    const entry: Entry = { ...ENTRY_SAMPLES[kind], kind, outcome: 'done' }
    expect([told(asEvent(entry)), told(asBefore(entry))]).toEqual([
      [2, false],
      [1, true],
    ])
  })

  it('is not misled by what an entry says', () => {
    const word = fc.oneof(fc.constantFrom('v', '"v":1}', 'v":1}', '}', 'zzz', '\uffff', '\u{1f600}'), fc.string({ maxLength: 8 }))
    const value = fc.oneof(word, fc.constant(1), fc.record({ v: fc.constant(1) }), fc.constant([{ v: 1 }]))
    fc.assert(
      fc.property(word, fc.dictionary(word, value, { maxKeys: 4 }), (session, detail) => {
        const entry: Entry = { kind: 'ask.answered', outcome: 'done', session, detail: { ...detail, v: 1 } }
        expect([told(asEvent(entry)), told(asBefore(entry))]).toEqual([
          [2, false],
          [1, true],
        ])
      }),
      { numRuns: 1000, seed: 11 },
    )
  })
})
