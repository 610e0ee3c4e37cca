import { describe, expect, it } from 'vitest'
import { sourceCount, sourceOf } from './source-count.ts'

describe('counts of addresses', () => {
  it('name fifty and put further ones together, however many come', () => {
    const { add, drain } = sourceCount()
    for (let n = 0; n < 10_000; n++) add(`10.0.${n >> 8}.${n & 255}`)
    const counts = drain()
    expect([counts.size, counts.get('others')]).toEqual([51, 9950])
    expect(drain().size).toBe(0)
  })

  it.each(['10.0.0.7', '::ffff:10.0.0.7', '2001:db8::1', 'fe80::1%eth0', 'others'])('of %s may be put back as they were drained', (address) => {
    const { add, drain } = sourceCount()
    add(address, 3)
    const first = drain()
    for (const [source, times] of first) add(source, times)
    expect(drain()).toEqual(first)
    expect(sourceOf(sourceOf(address))).toBe(sourceOf(address))
  })
})
