import { describe, expect, it } from 'vitest'
import { pagedRandom } from './random.ts'

describe('pagedRandom', () => {
  it('gives as many bytes as asked, never the same twice, across pages and beyond one', () => {
    const random = pagedRandom()
    const given = [0, 1, 16, 32, 4096, 4097, 4080, 17, 16].map((size) => ({ size, bytes: random(size) }))
    for (const { size, bytes } of given) expect(bytes.length).toBe(size)
    const long = Array.from({ length: 2000 }, () => Buffer.from(random(16)).toString('hex'))
    expect(new Set(long).size).toBe(2000)
    expect(long).not.toContain('00'.repeat(16))
  })

  it('does not change what it gave', () => {
    const random = pagedRandom()
    const first = random(16)
    const copy = [...first]
    for (let i = 0; i < 1000; i++) random(16)
    expect([...first]).toEqual(copy)
  })
})
