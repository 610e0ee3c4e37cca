import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical, type Json } from './canonical.ts'

describe('canonical', () => {
  it('spells the example of RFC 8785 §3.2.2 and §3.2.3', () => {
    const value = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    ) as Json
    expect(canonical(value)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    )
  })

  it('orders names by UTF-16 code units (RFC 8785 §3.2.3), not by code points or language', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6']
    const text = canonical(Object.fromEntries(names.map((name) => [name, 0])))
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['1', '\r', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'])
    expect(text.indexOf('\ud83d\ude00')).toBeLessThan(text.indexOf('\ufb33'))
  })

  it('spells whatever JSON there is as the reference implementation does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonical(value as Json)).toBe(canonicalize(value))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([0, 1, 2, 23, 24, 25, 26, 300])('orders %d names as it orders two', (count) => {
    const names = Array.from({ length: count }, (_, i) => `${(i * 7919) % 1009}${i % 2 ? 'é' : '_'}`)
    expect(canonical(Object.fromEntries(names.map((name) => [name, 0])))).toBe(canonicalize(Object.fromEntries(names.map((name) => [name, 0]))))
  })

  it.each([-0, 1e21, 1e-7, 5e-324, Number.MAX_SAFE_INTEGER])('spells %s as ECMAScript does', (value) => {
    expect(canonical(value)).toBe(JSON.stringify(value))
  })

  it('leaves out a member that is undefined', () => {
    const value = { a: undefined, b: 1, c: undefined } as unknown as Json
    expect(canonical(value)).toBe('{"b":1}')
    expect(canonical(value)).toBe(canonicalize(value))
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, '\ud800', { '\udc00': 1 }, [1n], [() => 1], [new Date(0)], undefined])('has no spelling for %s', (value) => {
    expect(() => canonical(value as unknown as Json)).toThrow('not JSON')
  })
})
