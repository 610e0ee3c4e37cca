import { sameBytes } from '../base/bytes.ts'
import { openCheckpoint } from '../log/checkpoint.ts'
import type { Frontier } from '../log/frontier.ts'
import { extend, rootOf } from '../log/frontier.ts'
import type { VerifierKey } from '../log/note-key.ts'
import type { EntryStore, StoredCheckpoint } from './entry-store.ts'
import type { FaultList } from './fault-list.ts'

const PAGE_CHECKPOINTS = 256

/** Compares a tree, as it grows, with every checkpoint of the store at its size, and with what the signer remembers. */
export type CheckpointJudge = {
  /** The tree with these leaves, its root compared at each size on the way that somebody signed. */
  readonly through: (tree: Frontier, leaves: readonly Uint8Array[]) => Promise<Frontier>
  /** Looks at the checkpoints beyond the `size` entries there are, and returns how many held and the size of the newest of these. */
  readonly finish: (size: number) => Promise<{ readonly checkpoints: number; readonly signedSize: number }>
}

/** `newest` is the size of the newest checkpoint when the verification began: younger ones are left for the next. */
export function checkpointJudge({
  store,
  newest,
  vkey,
  remembered,
  faults,
}: {
  readonly store: Pick<EntryStore, 'checkpoints'>
  readonly newest: number
  readonly vkey: VerifierKey
  readonly remembered: Frontier | null
  readonly faults: FaultList
}): CheckpointJudge {
  let page: readonly StoredCheckpoint[] = []
  let nextSize = Number.MIN_SAFE_INTEGER
  let checkpoints = 0
  let signedSize = 0
  let strayed = false

  async function peek(): Promise<StoredCheckpoint | null> {
    if (page.length === 0 && nextSize <= newest) {
      page = (await store.checkpoints(nextSize, PAGE_CHECKPOINTS)).filter(({ size }) => size <= newest)
      if (page.length === 0) nextSize = Infinity
    }
    return page[0] ?? null
  }

  function drop(stored: StoredCheckpoint): void {
    page = page.slice(1)
    nextSize = stored.size + 1
  }

  /** The root a checkpoint names, its signature verified; a fault and null otherwise. */
  function signedRoot({ size, note }: StoredCheckpoint): Uint8Array | null {
    const checkpoint = openCheckpoint(note, vkey)
    if (checkpoint?.size === size) return checkpoint.root
    faults.add(`the checkpoint of size ${size} does not carry the signature of ${vkey.name}`)
    return null
  }

  async function compare(tree: Frontier): Promise<void> {
    for (let stored = await peek(); stored && stored.size <= tree.size; stored = await peek()) {
      drop(stored)
      const root = signedRoot(stored)
      if (root && sameBytes(root, rootOf(tree))) {
        checkpoints += 1
        signedSize = tree.size
      } else if (root && !strayed) {
        // Every later root differs too: the first says where.
        strayed = true
        faults.add(`entries ${signedSize} to ${tree.size - 1} are not those that were signed: their root is not that of the checkpoint of size ${tree.size}`)
      }
    }
    if (remembered && remembered.size === tree.size && !sameBytes(rootOf(remembered), rootOf(tree)))
      faults.add(`the first ${tree.size} entries are not those that the signer remembers`)
  }

  async function through(from: Frontier, leaves: readonly Uint8Array[]): Promise<Frontier> {
    let tree = from
    for (let at = 0; at < leaves.length; ) {
      const stops = [(await peek())?.size ?? Infinity, remembered?.size ?? Infinity].filter((size) => size > tree.size)
      const end = Math.min(leaves.length, ...stops.map((size) => at + size - tree.size))
      tree = extend(tree, leaves.slice(at, end))
      at = end
      await compare(tree)
    }
    return tree
  }

  async function finish(size: number): Promise<{ readonly checkpoints: number; readonly signedSize: number }> {
    let largest = remembered?.size ?? 0
    for (let stored = await peek(); stored; stored = await peek()) {
      drop(stored)
      if (signedRoot(stored)) largest = Math.max(largest, stored.size)
    }
    if (largest > size) faults.add(`${largest} entries were signed, but only ${size} stand in unbroken order: entries are gone`)
    return { checkpoints, signedSize }
  }

  return { through, finish }
}
