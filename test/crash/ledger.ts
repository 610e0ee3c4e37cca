import { toBase64 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/digest.ts'
import type { EntryStore, StoredEntry } from '../../src/journal/entry-store.ts'
import { parseRecorded } from '../../src/journal/recorded.ts'
import { refIn } from '../../src/journal/vault/payload.ts'
import type { VaultStore } from '../../src/journal/vault/vault-store.ts'
import { leafHash } from '../../src/log/leaf.ts'

const PAGE_ENTRIES = 1000

/** What a check looks at. `stands`: how many entries the head names, and how many ciphertexts there are, both at one moment. */
export type Kept = Pick<EntryStore, 'read'> &
  Pick<VaultStore, 'payloads'> & { readonly stands: () => Promise<{ readonly size: number; readonly ciphertexts: number }> }

/** What was acknowledged, kept outside of every process that crashes, and what of it is really there. */
export type Ledger = {
  readonly acknowledge: (index: number, leaf: string, node: string) => void
  readonly acknowledged: () => number
  /** Of those that were acknowledged, how many were seen to name a ciphertext. */
  readonly sealed: () => number
  /** Entries seen in the journal. */
  readonly stored: () => number
  /** Ciphertexts that these name, each seen to be there. */
  readonly ciphertexts: () => number
  /**
   * Reads what is new in the journal and throws the sentence of what is wrong: an acknowledged entry that is not there, or not at its index; one that is
   * there twice; an index told to two; a gap; a body that is not its leaf's; a ciphertext that an entry names and that is not there to the byte; one that no
   * entry names. What the store throws it throws on: then it may be called again.
   */
  readonly check: (kept: Kept) => Promise<void>
  /** Reads all of it again: what was once seen at an index is there still. */
  readonly checkAll: (kept: Kept) => Promise<void>
}

/** What no crash excuses. */
export class Wrong extends Error {}

export function openLedger(): Ledger {
  const told = new Map<number, { readonly leaf: string; readonly node: string }>()
  const toldTwice: string[] = []
  const stored: string[] = []
  const seen = new Set<string>()
  const unchecked: number[] = []
  /** By index, the digest of the ciphertext that an entry names, base64. */
  const named = new Map<number, string>()

  async function read(kept: Kept, from: number, each: (index: number, leaf: string) => void): Promise<void> {
    const { size, ciphertexts } = await kept.stands()
    if (size < stored.length) throw new Wrong(`the journal has ${size} entries and had ${stored.length}`)
    for (let index = from; index < size; ) {
      const page = await kept.read(index, Math.min(PAGE_ENTRIES, size - index))
      if (page.length === 0) throw new Wrong(`there is no entry ${index}, but the head names ${size}`)
      // What was read before is not read for its digest again: with another body it would not be its leaf's.
      for (const entry of page) if (entry.index >= stored.length) name(entry)
      await expectCiphertexts(kept, page)
      for (const entry of page) {
        const leaf = toBase64(entry.leaf)
        if (entry.index !== index) throw new Wrong(`entry ${entry.index} stands where ${index} should`)
        if (toBase64(leafHash(entry.body)) !== leaf) throw new Wrong(`entry ${index} is not its leaf's`)
        each(index++, leaf)
      }
    }
    if (ciphertexts !== named.size) throw new Wrong(`${ciphertexts} ciphertexts stood where the ${size} entries name ${named.size}`)
  }

  function name({ index, body }: StoredEntry): void {
    const entry = parseRecorded(body)
    const found = entry && refIn(entry)
    if (found) named.set(index, toBase64(found.digest))
  }

  async function expectCiphertexts(kept: Kept, page: readonly StoredEntry[]): Promise<void> {
    const wanted = page.flatMap(({ index }) => (named.has(index) ? [index] : []))
    const rows = wanted.length === 0 ? [] : await kept.payloads(wanted)
    const found = new Map(rows.map(({ index, ciphertext }) => [index, ciphertext && toBase64(sha256(ciphertext))]))
    for (const index of wanted)
      if (found.get(index) !== named.get(index)) throw new Wrong(`the ciphertext that entry ${index} names is ${found.get(index) ? 'another' : 'not there'}`)
  }

  return {
    acknowledge: (index, leaf, node) => {
      const before = told.get(index)
      if (before) toldTwice.push(`entry ${index} was acknowledged to ${before.node} and to ${node}`)
      told.set(index, { leaf, node })
      unchecked.push(index)
    },
    acknowledged: () => told.size,
    sealed: () => [...told.keys()].filter((index) => named.has(index)).length,
    stored: () => stored.length,
    ciphertexts: () => named.size,
    check: async (kept) => {
      // INVARIANT: taken before the head is read, so each of them must be below it.
      const due = [...unchecked]
      await read(kept, stored.length, (index, leaf) => {
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
    checkAll: (kept) =>
      read(kept, 0, (index, leaf) => {
        if (index < stored.length && stored[index] !== leaf) throw new Wrong(`entry ${index} is not the one that was there before`)
      }),
  }
}
