import { lru } from '../base/lru.ts'

export type Rate = { readonly perSecond: number; readonly burst: number }

/** Sums of fractions fall short by a hair; whoever waited as long as told must pass all the same. */
const SLACK = 1e-6

type Bucket = { tokens: number; at: number }

/**
 * Token buckets by key, kept in memory: at most `max` keys, the least used forgotten (a forgotten bucket is full again, so
 * `max` must exceed the keys live at once). `wait` fills up to `now` and answers the whole seconds until `n` tokens are
 * there, 0 when they are; `take` spends them.
 */
export function buckets(max: number) {
  const held = lru<string, Bucket>(max)
  return {
    wait(key: string, n: number, rate: Rate, now: number): number {
      const bucket = held.get(key) ?? { tokens: rate.burst, at: now }
      // A clock set back must not give tokens, nor take any.
      const passed = Math.max(0, now - bucket.at) / 1000
      bucket.tokens = Math.min(rate.burst, bucket.tokens + passed * rate.perSecond)
      bucket.at = now
      held.set(key, bucket)
      return bucket.tokens >= n - SLACK ? 0 : Math.ceil((Math.min(n, rate.burst) - bucket.tokens) / rate.perSecond) || 1
    },
    take(key: string, n: number): void {
      const bucket = held.get(key)
      if (!bucket || bucket.tokens < n - SLACK) throw new Error('taken from a bucket that was not asked')
      bucket.tokens = Math.max(0, bucket.tokens - n)
    },
  }
}
