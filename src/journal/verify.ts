import { sameBytes, toBase64 } from '../base/bytes.ts'
import type { Frontier } from '../log/frontier.ts'
import { EMPTY_FRONTIER, frontierBytes, rootOf } from '../log/frontier.ts'
import { leafHash } from '../log/leaf.ts'
import type { VerifierKey } from '../log/note-key.ts'
import { entryFault, type Readable } from './check-entry.ts'
import { checkpointJudge } from './checkpoint-judge.ts'
import type { EntryStore } from './entry-store.ts'
import { faultList } from './fault-list.ts'

const PAGE_ENTRIES = 512

/** What `verifyJournal` found: `ok` only without faults. `root` (base64) is that of the bodies as they are, not as they should be. */
export type Report = {
  readonly ok: boolean
  /** Entries recomputed; fewer than the head names when some are missing. */
  readonly size: number
  readonly root: string
  /** Checkpoints whose signature and root hold. */
  readonly checkpoints: number
  /** Entries after the newest of these: nobody has signed for them yet. */
  readonly unsignedTail: number
  /** Each says what is wrong and where, in a sentence. */
  readonly faults: readonly string[]
}

export type Verification = {
  readonly store: Pick<EntryStore, 'head' | 'read' | 'latestCheckpoint' | 'checkpoints'>
  readonly vkey: VerifierKey
  /** A tree known from elsewhere to have been signed, such as the signer's own state. Without one, a journal cut back together with its checkpoints looks whole. */
  readonly remembered?: Frontier | null
  /** Another notion of a readable entry: only tests of the layers below have one. */
  readonly readable?: Readable
  readonly onProgress?: (progress: { readonly verified: number; readonly size: number }) => void
}

/**
 * Recomputes the journal from its bodies: every leaf, order and density, the head, every checkpoint's signature and root. In constant memory,
 * and while others append: it judges the entries that were there when it began. Whoever keeps the database is the attacker; the key is ours.
 */
export async function verifyJournal({ store, vkey, remembered = null, readable, onProgress = () => undefined }: Verification): Promise<Report> {
  const faults = faultList()
  // In this order: whatever is signed when we begin is within the head we read then.
  const newest = (await store.latestCheckpoint())?.size ?? -1
  const judge = checkpointJudge({ store, newest, vkey, remembered, faults })
  const head = await store.head()
  const [first] = await store.read(Number.MIN_SAFE_INTEGER, 1)
  if (first && first.index < 0) faults.add(`entry ${first.index} lies before the first`)
  let tree: Frontier = EMPTY_FRONTIER
  while (tree.size < head.size) {
    const from = tree.size
    const page = await store.read(from, Math.min(PAGE_ENTRIES, head.size - from))
    const gap = page.findIndex((entry, i) => entry.index !== from + i)
    const dense = gap === -1 ? page : page.slice(0, gap)
    for (const entry of dense) {
      const fault = entryFault(entry, entry.index, readable)
      if (fault) faults.add(fault)
    }
    tree = await judge.through(
      tree,
      dense.map((entry) => leafHash(entry.body)),
    )
    onProgress({ verified: tree.size, size: head.size })
    if (dense.length > 0) continue
    const [next] = page
    faults.add(next ? `${entryFault(next, from)}: nothing after can be verified` : `the head names ${head.size} entries, but there is none from ${from} on`)
    break
  }
  if (tree.size === head.size) {
    if (!sameBytes(frontierBytes(tree), head.frontier)) faults.add(`the head's hashes are not those of the ${head.size} entries it names`)
    const [beyond] = await store.read(head.size, 1)
    if (beyond && (await store.head()).size <= beyond.index) faults.add(`entry ${beyond.index} lies beyond the head, which names ${head.size} entries`)
  }
  const { checkpoints, signedSize } = await judge.finish(tree.size)
  const sentences = faults.sentences()
  return { ok: sentences.length === 0, size: tree.size, root: toBase64(rootOf(tree)), checkpoints, unsignedTail: tree.size - signedSize, faults: sentences }
}
