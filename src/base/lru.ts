/** At most `max` values, the least recently used forgotten first. For what can be computed or looked up again. */
export type Lru<K, V> = { get(key: K): V | undefined; set(key: K, value: V): void; delete(key: K): void; clear(): void; readonly size: () => number }

export function lru<K, V>(max: number): Lru<K, V> {
  const held = new Map<K, V>()
  return {
    get(key) {
      const value = held.get(key)
      if (value === undefined) return undefined
      held.delete(key)
      held.set(key, value)
      return value
    },
    set(key, value) {
      held.delete(key)
      held.set(key, value)
      if (held.size <= max) return
      for (const oldest of held.keys()) {
        held.delete(oldest)
        return
      }
    },
    delete: (key) => void held.delete(key),
    clear: () => held.clear(),
    size: () => held.size,
  }
}
