import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lru } from './lru.ts'

describe('lru', () => {
  it.each([
    ['as many as it may hold', ['a', 'b', 'c'], ['a', 'b', 'c']],
    ['one more: the oldest goes', ['a', 'b', 'c', 'd'], ['b', 'c', 'd']],
    ['one set again: it is the newest now', ['a', 'b', 'c', 'a', 'd'], ['a', 'c', 'd']],
  ])('keeps %s', (_, set, kept) => {
    const cache = lru<string, string>(3)
    for (const key of set) cache.set(key, key)
    expect(['a', 'b', 'c', 'd'].filter((key) => cache.get(key) !== undefined)).toEqual(kept)
  })

  it('forgets what was looked at longest ago', () => {
    const cache = lru<string, number>(2)
    cache.set('a', 1)
    cache.set('b', 2)
    expect(cache.get('a')).toBe(1)
    cache.set('c', 3)
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3])
  })

  it('forgets on demand', () => {
    const cache = lru<string, number>(2)
    cache.set('a', 1)
    cache.delete('a')
    expect([cache.get('a'), cache.size()]).toEqual([undefined, 0])
    cache.set('b', 2)
    cache.clear()
    expect([cache.get('b'), cache.size()]).toEqual([undefined, 0])
  })

  it('never holds more than it may, nor another value than was set last', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer())), fc.integer({ min: 1, max: 5 }), (sets, max) => {
        const cache = lru<number, number>(max)
        const last = new Map<number, number>()
        for (const [key, value] of sets) {
          cache.set(key, value)
          last.set(key, value)
          expect(cache.size()).toBeLessThanOrEqual(max)
          expect(cache.get(key)).toBe(value)
        }
        for (const [key, value] of last) expect([undefined, value]).toContain(cache.get(key))
      }),
    )
  })
})
