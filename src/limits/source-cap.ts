import { buckets } from './bucket.ts'
import { type SourceCount, sourceCount, sourceOf } from './source-count.ts'

/**
 * Requests an address may make before anyone has authenticated. Beyond it they are refused unread and only counted: an
 * attacker must not be able to fill the journal. `drain` gives the counts since the last call, for one entry about all.
 */
export type SourceCap = {
  /** Seconds to wait, 0 when the request may go on. */
  readonly knock: (source: string, now: number) => number
  readonly drain: SourceCount['drain']
}

export function sourceCap(rate: { readonly perSecond: number; readonly burst: number }): SourceCap {
  const held = buckets(20_000)
  const refused = sourceCount()
  return {
    knock(address, now) {
      const source = sourceOf(address)
      const wait = held.wait(source, 1, rate, now)
      if (wait === 0) held.take(source, 1)
      else refused.add(source)
      return wait
    },
    drain: refused.drain,
  }
}
