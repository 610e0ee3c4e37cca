import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base32, fromBase32, newId } from './id.ts'

describe('base32', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(fromBase32(base32(bytes))).toEqual(bytes)
      }),
    )
  })

  it('gives a value one spelling: whatever is read is written the same', () => {
    const letters = fc.string({ unit: fc.constantFrom(...'0123456789abcdefghjkmnpqrstvwxyzilouAZ-= ') })
    fc.assert(
      fc.property(letters, (text) => {
        const bytes = fromBase32(text)
        expect(bytes === null || base32(bytes) === text).toBe(true)
      }),
    )
  })

  it.each([
    ['upper case', '00G'],
    ['a letter left out because it looks like another', '0l'],
    ['padding bits that are not zero', '01'],
    ['a letter too many', '000'],
    ['a blank', '00 00'],
    ['a letter of two units', '0😀'],
  ])('does not read %s', (_, text) => {
    expect(fromBase32(text)).toBeNull()
  })

  it('reads the allowed neighbours of those', () => {
    for (const text of ['', '00', '04', '0000', '00000', 'zzzzzzzz']) expect(fromBase32(text)).not.toBeNull()
  })
})

describe('newId', () => {
  it('is a prefix and 80 bits of the source', () => {
    expect(newId('chg', (bytes) => new Uint8Array(bytes).fill(255))).toBe('chg-zzzzzzzzzzzzzzzz')
    expect(newId('s', (bytes) => new Uint8Array(bytes))).toBe('s-0000000000000000')
  })
})
