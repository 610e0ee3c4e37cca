import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { every } from './part.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const pause = (ms: number): Promise<void> => new Promise((over) => setTimeout(over, ms))
const never = (cause: unknown): never => {
  throw cause
}

describe('what a part does again and again', () => {
  it('is done at once, and again so many milliseconds after it ended', async () => {
    const begun: number[] = []
    const since = Date.now()
    const loop = every(800, () => (begun.push(Date.now() - since), pause(150)), never)
    await vi.advanceTimersByTimeAsync(949)
    expect(begun).toEqual([0])
    await vi.advanceTimersByTimeAsync(1)
    expect(begun).toEqual([0, 950])
    await vi.advanceTimersByTimeAsync(950)
    expect(begun).toEqual([0, 950, 1900])
    const stopped = loop.stop()
    await vi.advanceTimersByTimeAsync(150)
    await stopped
  })

  it('is done again after it failed, and each failure is told', async () => {
    const told: unknown[] = []
    let turns = 0
    const loop = every(
      800,
      () => (++turns === 3 ? Promise.resolve() : Promise.reject(new Error(`turn ${turns}`))),
      (cause) => void told.push(cause),
    )
    await vi.advanceTimersByTimeAsync(3 * 800)
    expect(turns).toBe(4)
    expect(told.map(String)).toEqual(['Error: turn 1', 'Error: turn 2', 'Error: turn 4'])
    await loop.stop()
  })

  it('is not begun once it is stopped, and what was begun is waited for', async () => {
    let [begun, ended] = [0, 0]
    const work = async () => {
      begun += 1
      await pause(150)
      ended += 1
    }
    const loop = every(800, work, never)
    await vi.advanceTimersByTimeAsync(1000)
    expect([begun, ended]).toEqual([2, 1])
    const stopped = loop.stop().then(() => ended)
    await vi.advanceTimersByTimeAsync(100)
    expect(await stopped).toBe(2)
    await vi.advanceTimersByTimeAsync(5000)
    expect(begun).toBe(2)
    expect(vi.getTimerCount()).toBe(0)
  })
})
