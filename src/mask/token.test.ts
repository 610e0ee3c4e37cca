import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sessionTokens, TOKEN } from './token.ts'

const ROOT = new Uint8Array(32).fill(1)
const mine = sessionTokens(ROOT, 's-1')
const entity = fc.constantFrom('acc', 'cus', 'con', 'nxt')
const value = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' })

describe('sessionTokens', () => {
  it('opens what it sealed, and seals alike what is alike', () => {
    fc.assert(
      fc.property(entity, value, (of, text) => {
        const token = mine.seal(of, text)
        expect(mine.open(of, token)).toBe(text)
        expect(mine.seal(of, text)).toBe(token)
        expect(token).toMatch(new RegExp(`^${of}_[0-9a-hjkmnp-tv-z]+$`))
      }),
    )
  })

  it('makes a token that means nothing in another session, another house or another entity', () => {
    const theirs = [sessionTokens(ROOT, 's-2'), sessionTokens(ROOT, 's-1 '), sessionTokens(new Uint8Array(32).fill(2), 's-1')]
    fc.assert(
      fc.property(entity, entity, value, (of, other, text) => {
        const token = mine.seal(of, text)
        for (const tokens of theirs) {
          expect(tokens.open(of, token)).toBeNull()
          expect(tokens.seal(of, text)).not.toBe(token)
        }
        if (of === other) return
        expect(mine.open(other, token)).toBeNull()
        expect(mine.open(other, token.replace(of, other))).toBeNull()
        expect(mine.seal(other, text).slice(4)).not.toBe(token.slice(4))
      }),
    )
  })

  it('means nothing once a single letter of it is another, is gone, or is one too many', () => {
    const token = mine.seal('cus', 'Example Ltd')
    for (const at of token.split('').keys()) {
      for (const letter of '0123456789abcdefghjkmnpqrstvwxyzlA_-') {
        const altered = token.slice(0, at) + letter + token.slice(at + 1)
        expect([altered, mine.open('cus', altered)]).toEqual([altered, altered === token ? 'Example Ltd' : null])
      }
      expect(mine.open('cus', token.slice(0, at) + token.slice(at + 1))).toBeNull()
      expect(mine.open('cus', token.slice(0, at))).toBeNull()
    }
    for (const more of ['0', 'z', ' ', '\n', '00000000']) expect(mine.open('cus', token + more)).toBeNull()
  })

  it('opens nothing that anyone makes up', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: fc.constantFrom(...'0123456789abcdefghjkmnpqrstvwxyz') }), (letters) => {
        expect(mine.open('cus', `cus_${letters}`)).toBeNull()
      }),
    )
    for (const text of ['', 'cus', 'cus_', '_', 'cus_cus_', 'constructor']) expect(mine.open('cus', text)).toBeNull()
  })

  it('hides the value: it does not stand in the token', () => {
    for (const text of ['abcdefgh', 'a', '0000000000']) expect(mine.seal('cus', text).slice(4)).not.toContain(text.length > 1 ? text : 'cus')
  })
})

describe('TOKEN', () => {
  const token = mine.seal('con', 'J')
  const found = (text: string) => [...text.matchAll(TOKEN)].map(([whole]) => whole)

  it('finds every token in a text, and which entity it is of', () => {
    expect(found(`Dear ${token}, (${token})\n${token}.`)).toEqual([token, token, token])
    expect([...token.matchAll(TOKEN)][0]?.[1]).toBe('con')
  })

  it('finds the token of the shortest value', () => {
    fc.assert(
      fc.property(entity, value, (of, text) => {
        expect(found(`<${mine.seal(of, text)}>`)).toEqual([mine.seal(of, text)])
      }),
    )
  })

  it.each(['con_', 'con_123', 'co_00000000000000000000000000000', 'cono_00000000000000000000000000000', 'a snake_case_word_that_is_quite_long_indeed'])(
    'does not take `%s` for one',
    (text) => {
      expect(found(text)).toEqual([])
    },
  )
})
