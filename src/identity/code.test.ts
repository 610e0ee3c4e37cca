import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { meantCode, newCode, newSecret } from './code.ts'

describe('a code', () => {
  it('is in groups of four of digits and letters nobody confuses', () => {
    for (let i = 0; i < 50; i++) expect(newCode(15, randomBytes)).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}$/)
    expect(newCode(5, randomBytes)).toMatch(/^.{4}-.{4}$/)
  })

  it('is meant however it is typed', () => {
    for (let i = 0; i < 50; i++) {
      const code = newCode(15, randomBytes)
      expect(meantCode(code)).toBe(code)
      expect(meantCode(` ${code.replaceAll('-', '').toUpperCase()}\n`)).toBe(code)
      expect(meantCode(code.replaceAll('0', 'O').replaceAll('1', 'I'))).toBe(code)
    }
  })

  it('means nothing where nothing is', () => {
    expect(meantCode('\u0000 -- é')).toBe('')
  })
})

describe('a secret', () => {
  it('has 256 random bits behind its prefix', () => {
    expect(newSecret('ga_', () => new Uint8Array(32).fill(255))).toBe(`ga_${'_'.repeat(42)}8`)
  })
})
