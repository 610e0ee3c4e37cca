import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fieldsOf, holds, type Predicate } from './predicate.ts'

const is = (op: 'eq' | 'gt' | 'gte' | 'lt' | 'lte', value: string | number | boolean): Predicate => ({ op, field: 'f', value })

describe('holds', () => {
  it.each([
    [is('eq', 'a'), 'a', true],
    [is('eq', 'a'), 'A', false],
    [is('eq', 1), 1, true],
    [is('eq', 1), '1', false],
    [is('eq', '1'), 1, false],
    [is('eq', 'null'), null, false],
    [is('eq', 'undefined'), undefined, false],
    [is('eq', true), true, true],
    [is('eq', true), 'true', false],
    [is('gt', 'a'), 'a', false],
    [is('gt', 'a'), 'a\u0000', true],
    [is('gt', 'a'), '', false],
    [is('gte', 'a'), 'a', true],
    [is('lt', '2026-07-01'), '2026-06-30', true],
    [is('lt', '2026-06-30'), '2026-06-30', false],
    [is('lte', '2026-06-30'), '2026-06-30', true],
    [is('gt', 9), 10, true],
    [is('gt', '9'), '10', false],
    [is('gt', 0), Number.NaN, false],
    [is('lte', 0), Number.NaN, false],
    [is('gt', 0), Number.POSITIVE_INFINITY, true],
    [is('gt', ''), { valueOf: () => 'z' }, false],
    [is('gt', ''), ['z'], false],
  ])('%j of %j is %s', (predicate, value, expected) => {
    expect(holds(predicate, { f: value })).toBe(expected)
  })

  it('orders text by code point, where UTF-16 would not', () => {
    // U+1F600 is beyond U+FF21, but its first unit is before it.
    expect(holds(is('gt', '\uff21'), { f: '😀' })).toBe(true)
    expect(holds(is('lt', '😀'), { f: '\uff21' })).toBe(true)
    expect(holds(is('gt', 'x😀'), { f: 'x😁' })).toBe(true)
    const bytes = (written: string) => Buffer.from(written)
    const text = fc.array(fc.constantFrom('a', '\u07ff', '\ud7ff', '\ue000', '\uffff', '😀', '😁', '\u{10ffff}')).map((letters) => letters.join(''))
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(holds(is('lt', b), { f: a })).toBe(Buffer.compare(bytes(a), bytes(b)) < 0)
      }),
    )
  })

  it('does not find what every object has', () => {
    for (const field of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      expect(holds({ op: 'eq', field, value: 'x' }, {})).toBe(false)
      expect(holds({ op: 'in', field, values: ['x'] }, {})).toBe(false)
      expect(holds({ op: 'gt', field, value: '' }, {})).toBe(false)
    }
    expect(holds(is('eq', 'x'), Object.create({ f: 'x' }) as Record<string, unknown>)).toBe(false)
  })

  it.each([
    [['A', 'B'], 'A', true],
    [['A', 'B'], 'C', false],
    [[], 'A', false],
    [['1'], 1, false],
    [['A'], ['A'], false],
    [['null'], null, false],
  ])('in %j: %j is %s', (values, value, expected) => {
    expect(holds({ op: 'in', field: 'f', values }, { f: value })).toBe(expected)
  })

  it('of several wants every one, and looks at the fields it names', () => {
    const both: Predicate = { op: 'and', all: [is('eq', 'a'), { op: 'and', all: [{ op: 'in', field: 'g', values: ['b'] }] }] }
    expect([holds(both, { f: 'a', g: 'b' }), holds(both, { f: 'a', g: 'c' }), holds(both, { f: 'a' })]).toEqual([true, false, false])
    expect(fieldsOf(both)).toEqual(['f', 'g'])
  })
})
