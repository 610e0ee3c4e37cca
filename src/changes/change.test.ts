import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changeOf } from '../../test/support/change.ts'
import { CHANGE_STATES } from '../model/change-state.ts'
import { type Change, changeDigest, sameImage } from './change.ts'

const UNDER = ['id', 'session', 'person', 'useCase', 'operation', 'system', 'resource', 'key', 'account', 'reason'] as const

describe('changeDigest', () => {
  it('is another with any one letter of any field under it', () => {
    const change = changeOf()
    const digest = changeDigest(change)
    fc.assert(
      fc.property(fc.constantFrom(...UNDER), fc.nat(), fc.constantFrom('', 'x', ' ', '\u200b'), (field, at, letter) => {
        const text = change[field]
        const cut = at % text.length
        const altered = text.slice(0, cut) + letter + text.slice(cut + 1)
        expect(changeDigest({ ...change, [field]: altered }) === digest).toBe(altered === text)
        expect(changeDigest({ ...change, [field]: `${text} ` })).not.toBe(digest)
      }),
    )
  })

  it.each<readonly [string, Partial<Change>]>([
    ['another value before', { before: { status: 'planned' } }],
    ['null before', { before: { status: null } }],
    ['another value after', { after: { status: 'delivered' } }],
    ['a field more after', { after: { status: 'held', remark: 'x' } }],
    ['a field more before', { before: { status: 'in_transit', remark: null } }],
    ['a number for a text', { after: { status: 1 } }],
    ['another version', { version: 2 }],
    ['another moment', { proposedAt: 1_790_000_000_001 }],
    ['another way back', { reversibility: 'final' }],
    ['before and after changed round', { before: { status: 'held' }, after: { status: 'in_transit' } }],
  ])('is another with %s', (_, over) => {
    expect(changeDigest(changeOf(over))).not.toBe(changeDigest(changeOf()))
  })

  it('is the same whatever became of the change', () => {
    for (const state of CHANGE_STATES)
      expect(changeDigest(changeOf({ state, decidedBy: 'ben', decidedAt: 1, decisionReason: 'r', outcome: 'o' }))).toBe(changeDigest(changeOf()))
  })

  it('is the same in whatever order the fields stand', () => {
    const turned = Object.fromEntries(Object.entries(changeOf({ after: { a: 1, b: 2 } })).toReversed()) as Change
    expect(changeDigest({ ...turned, after: { b: 2, a: 1 } })).toBe(changeDigest(changeOf({ after: { a: 1, b: 2 } })))
  })
})

describe('sameImage', () => {
  it.each([
    [{ a: 1 }, { a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, true],
    [{ a: 1 }, { a: '1' }, false],
    [{ a: null }, { a: null }, true],
    [{ a: null }, {}, false],
    [{ toString: null }, {}, false],
    [{ a: 1, b: 2 }, { a: 1 }, false],
  ])('of %j and %j is %s', (expected, found, same) => {
    expect(sameImage(expected, found)).toBe(same)
  })
})
