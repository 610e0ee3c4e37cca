import { expect, it } from 'vitest'
import { canonical, type Json } from './canonical.ts'
import { wellFormed } from './well-formed.ts'

it('gives back the very value where nothing is amiss, also a backslash before these letters', () => {
  const plain = { name: 'Ä', pair: '\u{1f600}', list: [1, null, { deep: true }] }
  expect(wellFormed(plain)).toBe(plain)
  const typed = { text: '\\ud800', more: ['\\ud8'] }
  expect(wellFormed(typed)).toEqual(typed)
})

it('puts U+FFFD for each half of a pair, in values and in names, however deep', () => {
  const value: Json = { 'a\ud800': ['\udc00x', { 'b\udfff': 'y\udbff', n: 1 }], c: null }
  expect(wellFormed(value)).toEqual({ 'a\ufffd': ['\ufffdx', { 'b\ufffd': 'y\ufffd', n: 1 }], c: null })
  expect(() => canonical(value)).toThrow('not JSON')
  expect(canonical(wellFormed(value))).toContain('\ufffd')
})
