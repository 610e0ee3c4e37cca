import { describe, expect, it } from 'vitest'
import { sourceCap } from './source-cap.ts'

const RATE = { perSecond: 1, burst: 2 }

describe('sourceCap', () => {
  it('lets an address knock as often as it may, then says how long to wait', () => {
    const cap = sourceCap(RATE)
    expect([cap.knock('a', 0), cap.knock('a', 0), cap.knock('a', 0), cap.knock('b', 0)]).toEqual([0, 0, 1, 0])
    expect([cap.knock('a', 999), cap.knock('a', 1000)]).toEqual([1, 0])
  })

  it('counts what it refused, and only that, once', () => {
    const cap = sourceCap(RATE)
    for (let n = 0; n < 5; n++) cap.knock('a', 0)
    cap.knock('b', 0)
    expect([...cap.drain()]).toEqual([['a', 3]])
    expect([...cap.drain()]).toEqual([])
    cap.knock('a', 0)
    expect([...cap.drain()]).toEqual([['a', 1]])
  })

  it('names fifty addresses and counts the rest together, so that no flood fills an entry', () => {
    const cap = sourceCap({ perSecond: 1, burst: 1 })
    for (let n = 0; n < 1000; n++) for (const _ of [1, 2]) cap.knock(`10.0.0.${n}`, 0)
    const counts = cap.drain()
    expect(counts.size).toBe(51)
    expect([counts.get('10.0.0.49'), counts.get('10.0.0.50'), counts.get('others')]).toEqual([1, undefined, 950])
    expect([...counts.values()].reduce((sum, count) => sum + count)).toBe(1000)
  })

  it('names the fiftieth and none after it', () => {
    const cap = sourceCap({ perSecond: 1, burst: 1 })
    for (let n = 0; n < 50; n++) for (const _ of [1, 2]) cap.knock(String(n), 0)
    for (const _ of [1, 2]) cap.knock('49', 0)
    expect([...cap.drain().keys()]).not.toContain('others')
  })

  it('keeps apart addresses whose name every object has', () => {
    const cap = sourceCap({ perSecond: 1, burst: 1 })
    expect([cap.knock('__proto__', 0), cap.knock('constructor', 0), cap.knock('__proto__', 0)]).toEqual([0, 0, 1])
    expect(cap.drain().get('__proto__')).toBe(1)
  })

  it.each([
    ['2001:db8::1', '2001:db8::ffff:1', true],
    ['2001:db8:0:0:1:2:3:4', '2001:DB8::5', true],
    ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
    ['::ffff:10.0.0.1', '10.0.0.2', false],
    ['fe80::1%eth0', 'fe80::2%eth1', true],
  ])('counts %s and %s together: %s', (one, other, together) => {
    const cap = sourceCap({ perSecond: 1, burst: 1 })
    expect(cap.knock(one, 0)).toBe(0)
    expect(cap.knock(other, 0) > 0).toBe(together)
  })
})
