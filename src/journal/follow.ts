import { sameBytes } from '../base/bytes.ts'
import type { Checkpoint } from '../log/checkpoint.ts'
import { openCheckpoint } from '../log/checkpoint.ts'
import { EMPTY_FRONTIER, extend, type Frontier, rootOf } from '../log/frontier.ts'
import type { VerifierKey } from '../log/note-key.ts'
import { Fault } from '../model/fault.ts'
import { broken, checkedPages } from './check-entry.ts'
import type { EntryStore } from './entry-store.ts'
import { reading } from './verify-recognise.ts'

/** How far one step looks for a checkpoint, so that a long journal is not held in memory at once. */
const STEP_ENTRIES = 4096
const STEP_CHECKPOINTS = 64

/** The body of an entry under a checkpoint whose signature and root were verified against the entries before it, from the first. `parseRecorded` reads it. */
export type Verified = { readonly index: number; readonly body: Uint8Array }

export type Follower = {
  /** The next entries that are verified, oldest first; none when no newer checkpoint stands. Call again until none come. One call at a time. */
  readonly advance: () => Promise<readonly Verified[]>
  /** The tree of the entries verified so far. */
  readonly tree: () => Frontier
}

/** `start`: what was verified by the same before, and kept where nobody else writes. */
type Following = { readonly store: Pick<EntryStore, 'head' | 'read' | 'checkpoints'>; readonly vkey: VerifierKey; readonly start?: Frontier }

/**
 * Reads the journal as one who trusts neither who writes it nor who keeps it, only the signer's key. `advance` throws `journal_broken` on
 * anything that does not fit, and from then on always. What a keeper can still do is withhold the newest entries.
 */
export function followJournal({ store, vkey, start = EMPTY_FRONTIER }: Following): Follower {
  const readable = reading()
  let tree = start
  let fault: Fault | null = null

  async function advance(): Promise<readonly Verified[]> {
    if (fault) throw fault
    try {
      return await step()
    } catch (cause) {
      // A lost connection is no verdict: only what was read and did not fit is.
      if (cause instanceof Fault) fault = cause
      throw cause
    }
  }

  async function step(): Promise<readonly Verified[]> {
    // The checkpoint first: a head read after it can only be as large or larger.
    const checkpoint = await nextCheckpoint()
    const { size } = await store.head()
    if (size < tree.size) throw broken(`the journal has ${size} entries, but ${tree.size} were verified: entries are gone`)
    if (!checkpoint) return []
    if (size < checkpoint.size) throw broken(`${checkpoint.size} entries were signed, but only ${size} are there: entries are gone`)
    const verified: Verified[] = []
    let grown = tree
    for await (const page of checkedPages(store, tree.size, checkpoint.size, readable)) {
      grown = extend(
        grown,
        page.map((entry) => entry.leaf),
      )
      verified.push(...page)
    }
    if (!sameBytes(rootOf(grown), checkpoint.root)) throw broken(`entries ${tree.size} to ${checkpoint.size - 1} are not those that were signed`)
    tree = grown
    return verified
  }

  /** The farthest checkpoint within one step, else the next one, its signature verified. */
  async function nextCheckpoint(): Promise<Checkpoint | null> {
    const found = await store.checkpoints(tree.size + 1, STEP_CHECKPOINTS)
    const chosen = found.findLast(({ size }) => size <= tree.size + STEP_ENTRIES) ?? found[0]
    if (!chosen) return null
    const checkpoint = openCheckpoint(chosen.note, vkey)
    if (checkpoint?.size !== chosen.size) throw broken(`the checkpoint of size ${chosen.size} does not carry the signature of ${vkey.name}`)
    return checkpoint
  }

  return { advance, tree: () => tree }
}
