import { toBase64 } from '../../src/base/bytes.ts'
import type { EntryStore } from '../../src/journal/entry-store.ts'
import { leafHash } from '../../src/log/leaf.ts'

const PAGE_ENTRIES = 1000

/** What was acknowledged, kept outside of every process that crashes, and what of it is really there. */
export type Ledger = {
  readonly acknowledge: (index: number, leaf: string, node: string) => void
  readonly acknowledged: () => number
  /** Entries seen in the journal. */
  readonly stored: () => number
  /**
   * Reads what is new in the journal and throws the sentence of what is wrong: an acknowledged entry that is not there, or not at its index; one that is
   * there twice; an index told to two; a gap; a body that is not its leaf's. What the store throws it throws on: then it may be called again.
   */
  readonly check: (store: Pick<EntryStore, 'head' | 'read'>) => Promise<void>
  /** Reads all of it again: what was once seen at an index is there still. */
  readonly checkAll: (store: Pick<EntryStore, 'head' | 'read'>) => Promise<void>
}

/** What no crash excuses. */
export class Wrong extends Error {}

export function openLedger(): Ledger {
  const told = new Map<number, { readonly leaf: string; readonly node: string }>()
  const toldTwice: string[] = []
  const stored: string[] = []
  const seen = new Set<string>()
  const unchecked: number[] = []

  async function read(store: Pick<EntryStore, 'head' | 'read'>, from: number, each: (index: number, leaf: string) => void): Promise<void> {
    const { size } = await store.head()
    if (size < stored.length) throw new Wrong(`the journal has ${size} entries and had ${stored.length}`)
    for (let index = from; index < size; ) {
      const page = await store.read(index, Math.min(PAGE_ENTRIES, size - index))
      if (page.length === 0) throw new Wrong(`there is no entry ${index}, but the head names ${size}`)
      for (const entry of page) {
        const leaf = toBase64(entry.leaf)
        if (entry.index !== index) throw new Wrong(`entry ${entry.index} stands where ${index} should`)
        if (toBase64(leafHash(entry.body)) !== leaf) throw new Wrong(`entry ${index} is not its leaf's`)
        each(index++, leaf)
      }
    }
  }

  return {
    acknowledge: (index, leaf, node) => {
      const before = told.get(index)
      if (before) toldTwice.push(`entry ${index} was acknowledged to ${before.node} and to ${node}`)
      told.set(index, { leaf, node })
      unchecked.push(index)
    },
    acknowledged: () => told.size,
    stored: () => stored.length,
    check: async (store) => {
      // INVARIANT: taken before the head is read, so each of them must be below it.
      const due = [...unchecked]
      await read(store, stored.length, (index, leaf) => {
        if (seen.has(leaf)) throw new Wrong(`the entry at ${index} stands at ${stored.indexOf(leaf)} too`)
        seen.add(leaf)
        stored.push(leaf)
      })
      for (const index of due) {
        const { leaf, node } = told.get(index) ?? { leaf: '', node: '' }
        if (stored[index] !== leaf) throw new Wrong(`entry ${index}, acknowledged to ${node}, is ${stored[index] === undefined ? 'not there' : 'another'}`)
      }
      if (toldTwice[0] !== undefined) throw new Wrong(toldTwice[0])
      unchecked.splice(0, due.length)
    },
    checkAll: (store) =>
      read(store, 0, (index, leaf) => {
        if (index < stored.length && stored[index] !== leaf) throw new Wrong(`entry ${index} is not the one that was there before`)
      }),
  }
}
