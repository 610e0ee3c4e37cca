/** At most `max` values, the least recently used forgotten first. For what can be computed or looked up again. */
export type Lru<K, V> = { get(key: K): V | undefined; set(key: K, value: V): void; delete(key: K): void; clear(): void; readonly size: () => number }

/** Linked with its neighbours in the order of use, each way round through the ring's one fixed place. */
type Node<K, V> = { readonly key: K; value: V; older: Node<K, V>; newer: Node<K, V> }

/** The order is kept in links: a `Map` that is deleted from and set again at every look is laid out anew all the time. */
export function lru<K, V>(max: number): Lru<K, V> {
  const held = new Map<K, Node<K, V>>()
  // The fixed place: newer than the newest and older than the oldest. Its key and value are never looked at.
  const ring = {} as Node<K, V>
  ring.older = ring
  ring.newer = ring

  function unlink(node: Node<K, V>): void {
    node.older.newer = node.newer
    node.newer.older = node.older
  }
  function link(node: Node<K, V>): void {
    node.older = ring.older
    node.newer = ring
    node.older.newer = node
    ring.older = node
  }
  function forget(node: Node<K, V>): void {
    unlink(node)
    held.delete(node.key)
  }

  return {
    get(key) {
      const node = held.get(key)
      if (node === undefined) return undefined
      if (node.newer !== ring) {
        unlink(node)
        link(node)
      }
      return node.value
    },
    set(key, value) {
      const node = held.get(key)
      if (node === undefined) {
        const fresh: Node<K, V> = { key, value, older: ring, newer: ring }
        held.set(key, fresh)
        link(fresh)
        if (held.size > max) forget(ring.newer)
        return
      }
      node.value = value
      unlink(node)
      link(node)
    },
    delete(key) {
      const node = held.get(key)
      if (node !== undefined) forget(node)
    },
    clear() {
      held.clear()
      ring.older = ring
      ring.newer = ring
    },
    size: () => held.size,
  }
}
