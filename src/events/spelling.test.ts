import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical, type Json } from '../base/canonical.ts'
import { isCanonical } from './spelling.ts'

const judged = (text: string): boolean => isCanonical(text, JSON.parse(text))

describe('isCanonical', () => {
  it('is true of what `canonical` spells, whatever it is', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => judged(canonical(value as Json))))
    expect(judged('{}')).toBe(true)
  })

  it('is true of any other text of the value only where it is that spelling', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(judged(JSON.stringify(value))).toBe(canonical(value as Json) === JSON.stringify(value))
      }),
    )
  })

  it.each([
    ['{"10":1,"9":2}', true],
    ['{"9":2,"10":1}', false],
    ['{"a":1,"b":2}', true],
    ['{"b":2,"a":1}', false],
    ['{"a":1,"a":1}', false],
    ['{"a": 1}', false],
    ['{"a":1.0}', false],
    ['{"a":-0}', false],
    ['{"a":1e2}', false],
    ['{"a":"\\u0061"}', false],
    ['{"a":"\\u001f"}', true],
    ['{"a":"\\ud800"}', false],
    // A backslash and letters that somebody typed.
    ['{"a":"\\\\ud800"}', true],
    ['{"__proto__":1}', true],
    ['[{"b":1,"a":2}]', false],
  ] as const)('%s: %s', (text, expected) => {
    expect(judged(text)).toBe(expected)
  })
})
