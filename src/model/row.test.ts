import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../base/canonical.ts'
import { scalarOf } from './row.ts'

describe('scalarOf', () => {
  it.each([
    ['text', 'text'],
    ['', ''],
    [0, 0],
    [false, false],
    [null, null],
    [undefined, null],
    [Number.NaN, null],
    [Number.NEGATIVE_INFINITY, null],
    ['half \ud800 a pair', 'half \ufffd a pair'],
    [['text'], null],
    [{ toString: () => 'text' }, null],
    [new Date(0), null],
    [1n, null],
  ])('of %o is %o', (value, expected) => {
    expect(scalarOf({ f: value }, 'f')).toBe(expected)
  })

  it('does not find what every object has', () => {
    for (const name of ['constructor', 'toString', '__proto__']) expect(scalarOf({}, name)).toBeNull()
  })

  it('always has a canonical spelling', () => {
    const bare = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units))
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.double(), bare), (value) => {
        expect(() => canonical(scalarOf({ f: value }, 'f'))).not.toThrow()
      }),
    )
  })
})
