import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buckets } from './bucket.ts'

const rate = { perSecond: 0.5, burst: 3 }

/** Takes one at `now` if it is there; the seconds to wait otherwise. */
function taker(held = buckets(100)) {
  return (now: number, key = 'k', n = 1, of = rate): number => {
    const wait = held.wait(key, n, of, now)
    if (wait === 0) held.take(key, n)
    return wait
  }
}

describe('buckets', () => {
  it('gives the burst at once and not one more', () => {
    const take = taker()
    expect([take(0), take(0), take(0), take(0)]).toEqual([0, 0, 0, 2])
  })

  it.each([
    [1999, 1],
    [2000, 0],
    [2001, 0],
  ])('after the burst, %i ms later one more is %i s away', (later, wait) => {
    const take = taker()
    for (const _ of [1, 2, 3]) take(0)
    expect(take(later)).toBe(wait)
  })

  it('fills no further than the burst, however long nobody came', () => {
    const take = taker()
    take(0)
    const week = 7 * 86_400_000
    expect([take(week), take(week), take(week), take(week)]).toEqual([0, 0, 0, 2])
  })

  it('gives nothing, nor takes anything, when the clock is set back', () => {
    const take = taker()
    expect([take(100_000), take(100_000)]).toEqual([0, 0])
    expect([take(40_000), take(40_000)]).toEqual([0, 2])
    // From there on it fills as ever.
    expect([take(41_999), take(42_000)]).toEqual([1, 0])
  })

  it('keeps keys apart, those every object has among them', () => {
    const take = taker()
    for (const key of ['a', 'constructor', '__proto__', '']) expect([take(0, key), take(0, key), take(0, key), take(0, key)]).toEqual([0, 0, 0, 2])
  })

  it('forgets the least used key beyond its bound, which is then full again', () => {
    const take = taker(buckets(2))
    for (const _ of [1, 2, 3]) take(0, 'a')
    take(0, 'b')
    expect(take(0, 'a')).toBe(2)
    take(0, 'c')
    expect(take(0, 'a')).toBe(2)
    take(0, 'b')
    take(0, 'c')
    expect(take(0, 'a')).toBe(0)
  })

  it('is taken from only after it was asked', () => {
    expect(() => buckets(1).take('nobody', 1)).toThrow('not asked')
    const held = buckets(1)
    expect(held.wait('k', 4, rate, 0)).toBeGreaterThan(0)
    expect(() => held.take('k', 4)).toThrow('not asked')
  })

  it('promises no less than is needed: whoever waits as long as told passes', () => {
    const rates = fc.record({
      perSecond: fc.oneof(
        fc.integer({ min: 1, max: 1000 }).map((perMinute) => perMinute / 60),
        fc.double({ min: 0.001, max: 100, noNaN: true }),
      ),
      burst: fc.integer({ min: 1, max: 50 }),
    })
    const steps = fc.array(
      fc.record({ after: fc.integer({ min: 0, max: 3000 }), n: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.double({ min: 0.01, max: 5, noNaN: true })) }),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(rates, steps, (of, some) => {
        const take = taker()
        let now = 0
        for (const { after, n } of some) {
          now += after
          const wanted = Math.min(n, of.burst)
          const wait = take(now, 'k', wanted, of)
          expect(Number.isInteger(wait) && wait >= 0).toBe(true)
          if (wait === 0) continue
          now += wait * 1000
          expect(take(now, 'k', wanted, of)).toBe(0)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('never gives more than the burst and what flowed since, whatever the order of asking', () => {
    const asks = fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 60 })
    fc.assert(
      fc.property(asks, (gaps) => {
        const take = taker()
        let now = 0
        let given = 0
        for (const gap of gaps) {
          now += gap
          if (take(now) === 0) given++
        }
        expect(given).toBeLessThanOrEqual(rate.burst + (now / 1000) * rate.perSecond + 1e-6)
      }),
    )
  })
})
