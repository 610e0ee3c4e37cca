import { describe, expect, it } from 'vitest'
import { turns } from './turns.ts'

describe('turns', () => {
  it('does work on one key one at a time and in order, also after work that failed, and other keys beside it', async () => {
    const turn = turns()
    const seen: string[] = []
    const work =
      (name: string, fails = false) =>
      async () => {
        seen.push(`${name} begins`)
        await new Promise((wake) => setTimeout(wake, 5))
        seen.push(`${name} ends`)
        if (fails) throw new Error(name)
        return name
      }
    const all = await Promise.allSettled([turn('a', work('one', true)), turn('a', work('two')), turn('b', work('other'))])
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    expect(seen.filter((what) => !what.startsWith('other'))).toEqual(['one begins', 'one ends', 'two begins', 'two ends'])
    expect(seen.indexOf('other begins')).toBeLessThan(seen.indexOf('one ends'))
  })
})
