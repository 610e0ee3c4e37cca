import type { Clock } from '../../base/clock.ts'
import { lru } from '../../base/lru.ts'

/** How long a process may still know what another has erased. */
export const HELD_MS = 20_000

/** At most `max` values, each forgotten twenty seconds after it was learnt, however often it is used. */
export function fading<K, V>(max: number, clock: Clock): { readonly get: (key: K) => V | undefined; readonly set: (key: K, value: V) => void } {
  const held = lru<K, { readonly value: V; readonly until: number }>(max)
  return {
    get(key) {
      const found = held.get(key)
      if (found === undefined) return undefined
      if (clock() < found.until) return found.value
      held.delete(key)
      return undefined
    },
    set: (key, value) => held.set(key, { value, until: clock() + HELD_MS }),
  }
}
