import { sameBytes } from '../base/bytes.ts'
import { parseCheckpoint } from '../log/checkpoint.ts'
import { EMPTY_FRONTIER, extend, type Frontier, frontierBytes, parseFrontier, rootOf } from '../log/frontier.ts'
import { broken, checkedPages } from './check-entry.ts'
import type { EntryStore, StoredCheckpoint } from './entry-store.ts'
import { reading } from './verify-recognise.ts'

/**
 * Before a process writes to the journal it reads again what nobody has signed yet, from the newest checkpoint on: after a crash or a failed disk only
 * what is really there counts. Throws `journal_broken` where the head is not that of the entries. Signatures are for the signer and `verify` to judge.
 */
export async function checkTail(store: Pick<EntryStore, 'head' | 'read' | 'latestCheckpoint'>): Promise<void> {
  // In this order: the head is read after the checkpoint, so it can only be as large or larger.
  const from = startOf(await store.latestCheckpoint())
  const head = await store.head()
  if (head.size < from.size) throw broken(`the journal has ${head.size} entries, but ${from.size} were signed: entries are gone`)
  let tree = from
  for await (const page of checkedPages(store, from.size, head.size, reading()))
    tree = extend(
      tree,
      page.map(({ leaf }) => leaf),
    )
  if (!sameBytes(frontierBytes(tree), head.frontier)) throw broken(`the head of ${head.size} entries is not that of the entries`)
}

/** The tree of the checkpoint where it is kept and is the one that the note names; else none, and everything is read. */
function startOf(checkpoint: StoredCheckpoint | null): Frontier {
  const tree = checkpoint?.frontier ? parseFrontier(checkpoint.frontier, checkpoint.size) : null
  const named = checkpoint && parseCheckpoint(checkpoint.note.slice(0, checkpoint.note.lastIndexOf('\n\n') + 1))
  return tree && named?.size === tree.size && sameBytes(named.root, rootOf(tree)) ? tree : EMPTY_FRONTIER
}
