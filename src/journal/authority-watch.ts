import { sameBytes } from '../base/bytes.ts'
import { openCheckpoint } from '../log/checkpoint.ts'
import { extend, type Frontier, rootOf } from '../log/frontier.ts'
import type { VerifierKey } from '../log/note-key.ts'
import { LINKS_MARK } from './authority-link.ts'
import { broken, entryFault } from './check-entry.ts'
import type { Entry } from './entry.ts'
import type { EntryStore, StoredCheckpoint, StoredEntry } from './entry-store.ts'
import { parseRecorded } from './recorded.ts'

const PAGE_ENTRIES = 512
/** How far one step looks for a checkpoint, so that a long journal is not held in memory at once. */
const STEP_ENTRIES = 4096
const STEP_CHECKPOINTS = 64
/** Leaves kept until a checkpoint covers them; beyond, when no signer comes for minutes, they are read again. */
const LEAVES_MAX = 100_000

/** Bodies without any of these bytes take or give nothing, and are not even parsed. */
const MARKS = [LINKS_MARK, Buffer.from('"session.revoked"'), Buffer.from('"device.revoked"')]
/** Nobody has to say what is in the body of an entry: leaf hashes are checked, parsing is for those few that matter. */
const anything = (): boolean => true

const speaks = ({ kind, detail }: Entry): boolean => kind === 'session.revoked' || kind === 'device.revoked' || detail?.['grant'] !== undefined

/** An entry that may speak of what is granted, in the order of the journal. `index` is where it lies; `isOwn`: this very process wrote it, and need not verify itself. */
export type Learn = (index: number, entry: Pick<Entry, 'kind' | 'session' | 'device' | 'detail'>, isOwn: boolean) => void

export type Watch = {
  /** This process recorded this entry itself: it is known without reading it. `leaf` as in its receipt. */
  readonly own: (index: number, leaf: string, entry: Entry) => void
  /** Learns, in order, everything before this index, or all that there is. Throws `journal_broken`, and what the store throws. */
  readonly look: (to?: number) => Promise<void>
  /** Goes on to the newest checkpoints and verifies that what was learnt is what was signed. Throws `journal_broken`, from then on always. */
  readonly verify: () => Promise<void>
  /** Everything learnt so far, as a tree: nobody need have signed it yet. Null where no signer came by for too long. */
  readonly learnt: () => Frontier | null
}

/** `vkey`: the signer's; null as long as there is none, and then nothing is verified yet. */
type Watched = {
  readonly store: Pick<EntryStore, 'head' | 'read' | 'checkpoints'>
  readonly vkey: () => Promise<VerifierKey | null>
  readonly start: Frontier
  readonly learn: Learn
}

/**
 * Follows the journal at its head, by leaves rather than by entries: what this process wrote itself it need not read, and of others' it parses what
 * speaks of authority. Every leaf that was learnt from must be under the signed root of the next checkpoint: who takes an entry back, or puts another in
 * its place, is found out within the second.
 */
export function watchJournal({ store, vkey, start, learn }: Watched): Watch {
  let tree = start
  let seen = start.size
  /** Of `tree.size` to `seen` and of own entries beyond. */
  const leaves = new Map<number, Uint8Array | string>()
  const owned = new Map<number, Entry>()
  let turn: Promise<unknown> = Promise.resolve()
  let fault: Error | null = null
  let key: VerifierKey | null = null
  /** False until the tree begun with was compared with the checkpoint of its own size, where there is one. */
  let begun = false

  /** One at a time, and nothing after what did not fit. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(() => {
      if (fault !== null) throw fault
      return work()
    })
    turn = mine.catch(() => undefined)
    return mine
  }
  function unfit(sentence: string): Error {
    const found = broken(sentence)
    fault = found
    return found
  }

  async function lookTo(to: number): Promise<void> {
    while (seen < to) {
      if (!leaves.has(seen)) {
        await readGap(to)
        continue
      }
      const entry = owned.get(seen)
      owned.delete(seen)
      if (entry) learn(seen, entry, true)
      seen++
    }
    for (const index of leaves.keys()) {
      if (leaves.size <= LEAVES_MAX || index >= seen) break
      leaves.delete(index)
    }
  }

  async function readGap(to: number): Promise<void> {
    let end = seen + 1
    while (end < to && end - seen < PAGE_ENTRIES && !leaves.has(end)) end++
    for (const stored of await pageFrom(seen, end)) {
      owned.delete(stored.index)
      leaves.set(stored.index, stored.leaf)
      if (MARKS.some((mark) => Buffer.from(stored.body.buffer, stored.body.byteOffset, stored.body.length).includes(mark))) {
        const entry = parseRecorded(stored.body)
        if (entry) learn(stored.index, entry, false)
      }
      seen = stored.index + 1
    }
  }

  async function pageFrom(from: number, to: number): Promise<readonly StoredEntry[]> {
    const page = await store.read(from, to - from)
    if (page.length === 0) throw unfit(`the journal has ${to} entries, but there is none from ${from} on`)
    for (const [i, entry] of page.entries()) {
      const wrong = entryFault(entry, from + i, anything)
      if (wrong) throw unfit(wrong)
    }
    return page
  }

  /** True when there may be more. */
  async function verifyOnce(): Promise<boolean> {
    key ??= await vkey()
    if (key === null) return false
    const found = await store.checkpoints(begun ? tree.size + 1 : tree.size, STEP_CHECKPOINTS)
    const chosen = found.findLast(({ size }) => size <= tree.size + STEP_ENTRIES) ?? found[0]
    const { size } = await store.head()
    if (size < tree.size) throw unfit(`the journal has ${size} entries, but ${tree.size} were verified: entries are gone`)
    begun = true
    if (!chosen) return false
    const root = signedRoot(chosen, key)
    if (size < chosen.size) throw unfit(`${chosen.size} entries were signed, but only ${size} are there: entries are gone`)
    await lookTo(chosen.size)
    const grown = await grownTo(chosen.size)
    if (!sameBytes(rootOf(grown), root)) throw unfit(`entries ${tree.size} to ${chosen.size - 1} are not those that were signed`)
    for (let index = tree.size; index < grown.size; index++) leaves.delete(index)
    tree = grown
    return true
  }

  function signedRoot({ size, note }: StoredCheckpoint, by: VerifierKey): Uint8Array {
    const checkpoint = openCheckpoint(note, by)
    if (checkpoint?.size !== size) throw unfit(`the checkpoint of size ${size} does not carry the signature of ${by.name}`)
    return checkpoint.root
  }

  async function grownTo(size: number): Promise<Frontier> {
    let grown = tree
    while (grown.size < size) {
      const known: Uint8Array[] = []
      for (let leaf = leafAt(grown.size); leaf && grown.size + known.length < size; leaf = leafAt(grown.size + known.length)) known.push(leaf)
      if (known.length === 0) known.push(...(await pageFrom(grown.size, Math.min(size, grown.size + PAGE_ENTRIES))).map(({ leaf }) => leaf))
      grown = extend(grown, known)
    }
    return grown
  }

  function leafAt(index: number): Uint8Array | null {
    const leaf = leaves.get(index)
    return typeof leaf === 'string' ? Buffer.from(leaf, 'base64') : (leaf ?? null)
  }

  return {
    own(index, leaf, entry) {
      if (index < seen) return
      leaves.set(index, leaf)
      if (speaks(entry)) owned.set(index, entry)
    },
    look: (to) => inTurn(async () => lookTo(to ?? (await store.head()).size)),
    verify: () =>
      inTurn(async () => {
        let more = true
        while (more) more = await verifyOnce()
      }),
    learnt() {
      const found = Array.from({ length: seen - tree.size }, (_, i) => leafAt(tree.size + i)).filter((leaf) => leaf !== null)
      return found.length === seen - tree.size ? extend(tree, found) : null
    },
  }
}
