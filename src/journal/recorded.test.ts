import { describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { canonical } from '../base/canonical.ts'
import { spell } from '../events/spell.ts'
import type { Entry } from './entry.ts'
import { parseRecorded } from './recorded.ts'

const ENTRY: Entry = { kind: 'ask.answered', outcome: 'done', session: 's-1', digest: 'abc', detail: { rows: 3, '10': 1, '9': 2 } }
const EVENT = spell(ENTRY, { at: Date.UTC(2026, 8, 1), node: 'gate' })
const STAMP = { at: '2026-09-01T00:00:00.000Z', node: 'gate' }

describe('parseRecorded', () => {
  it('reads the entry of an event', () => {
    expect(parseRecorded(utf8(EVENT))).toEqual({ v: 2, ...STAMP, ...ENTRY })
  })

  it('still reads what was written before there were events', () => {
    expect(parseRecorded(utf8(canonical({ v: 1, ...STAMP, ...ENTRY })))).toEqual({ v: 1, ...STAMP, ...ENTRY })
  })

  it.each([
    ['white space', (text: string) => text.replace(',', ', ')],
    ['members in another order', (text: string) => text.replace(/^{"at":"([^"]+)",(.*)}$/, '{$2,"at":"$1"}')],
    ['a member twice', (text: string) => text.replace('"kind":', '"kind":"ask.refused","kind":')],
    ['an escape nobody needs', (text: string) => text.replace('"gate"', '"\\u0067ate"')],
  ])('takes no other spelling of these either: %s', (_, respell) => {
    const text = canonical({ v: 1, ...STAMP, ...ENTRY })
    expect(respell(text)).not.toBe(text)
    expect(JSON.parse(respell(text))).toEqual(JSON.parse(text))
    expect(parseRecorded(utf8(respell(text)))).toBeNull()
  })

  it.each([
    ['white space', EVENT.replace(',', ', ')],
    ['members in another order', EVENT.replace('"action_id":1,"activity_id":2', '"activity_id":2,"action_id":1')],
    ['a member twice', EVENT.replace('"action_id":1', '"action_id":2,"action_id":1')],
    ['an escape nobody needs', EVENT.replace('"gate"', '"\\u0067ate"')],
    ['a byte order mark', `\ufeff${EVENT}`],
    ['a number with its zeros', EVENT.replace('"rows":3', '"rows":3.0')],
    ['an entry of before that says it is an event', canonical({ v: 2, ...STAMP, ...ENTRY })],
    ['an event that says it is one of before', EVENT.replace('{', '{"v":1,')],
    ['null', 'null'],
    ['nothing', ''],
  ])('takes no other spelling: %s', (_, text) => {
    expect(text).not.toBe(EVENT)
    expect(parseRecorded(utf8(text))).toBeNull()
  })
})
