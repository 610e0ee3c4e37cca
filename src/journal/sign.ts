import { sameBytes, utf8 } from '../base/bytes.ts'
import type { Checkpoint } from '../log/checkpoint.ts'
import { formatCheckpoint, openCheckpoint } from '../log/checkpoint.ts'
import type { Frontier } from '../log/frontier.ts'
import { EMPTY_FRONTIER, extend, frontierBytes, rootOf } from '../log/frontier.ts'
import { formatNote } from '../log/note.ts'
import type { VerifierKey } from '../log/note-key.ts'
import { broken, checkedPages, type Readable } from './check-entry.ts'
import type { EntryStore, StoredCheckpoint } from './entry-store.ts'
import { formOrder } from './sign-order.ts'
import type { Signer } from './signer.ts'
import type { SignerState } from './signer-state.ts'
import { reading } from './verify-recognise.ts'

export type Signing = {
  readonly store: Pick<EntryStore, 'head' | 'read' | 'latestCheckpoint' | 'saveCheckpoint'>
  /** The name of its key is the log's origin. */
  readonly signer: Signer
  readonly state: SignerState
  /** Kept by a signer who signs again and again. */
  readonly readable?: Readable
}

/**
 * Signs the journal as it stands when it has grown, and returns the checkpoint; null when there is nothing new. One signer at a time.
 *
 * The signer trusts neither the gate nor the database: it recomputes the tree from the entries' bodies onto what it last signed itself.
 * It throws `journal_broken`, and signs nothing, when the journal shrank, an entry is missing or altered, one is spelled as before there were events and
 * comes after an event, the head is not that of the entries, or a checkpoint in the store is not its own. What it signs it first remembers: after a crash
 * in between it signs the same again.
 */
export async function signCheckpoint({ store, signer, state, readable = reading() }: Signing): Promise<StoredCheckpoint | null> {
  const signed = (await state.load()) ?? EMPTY_FRONTIER
  const stored = await store.latestCheckpoint()
  const latest = stored && openOwn(stored, signer.key)
  const head = await store.head()
  const known = Math.max(signed.size, latest?.size ?? 0)
  if (head.size < known) throw broken(`the journal has ${head.size} entries, but ${known} were signed: entries are gone`)
  if (latest && latest.size <= signed.size && !agrees(latest, signed)) throw broken(`the checkpoint of size ${latest.size} is not the tree that was signed`)
  const next = await grown({ store, readable }, signed, latest, head.size)
  if (!sameBytes(frontierBytes(next), head.frontier)) throw broken(`the head of ${head.size} entries is not that of the entries`)
  if (next.size === 0 || next.size === latest?.size) return null
  await state.save(next)
  const checkpoint = { size: next.size, note: await signedBy(signer, next), frontier: frontierBytes(next) }
  await store.saveCheckpoint(checkpoint)
  return checkpoint
}

/** The signed note. A device that signs something else, or with another key, is found here and not by a verifier years later. */
async function signedBy({ key, sign }: Signer, tree: Frontier): Promise<string> {
  const text = formatCheckpoint({ origin: key.name, size: tree.size, root: rootOf(tree) })
  const note = formatNote({ text, signatures: [{ name: key.name, id: key.id, bytes: await sign(utf8(text)) }] })
  if (openCheckpoint(note, key) === null) throw new Error(`what signs for ${key.name} gave a signature that its key does not verify`)
  return note
}

/** The tree with all entries up to `size`; where it passes the stored checkpoint (our state may be younger than the log), it must agree. */
async function grown(
  { store, readable }: Pick<Signing, 'store'> & { readonly readable: Readable },
  signed: Frontier,
  latest: Checkpoint | null,
  size: number,
): Promise<Frontier> {
  let tree = signed
  const stop = latest && latest.size > signed.size ? latest.size : signed.size
  const order = formOrder({ store, signed })
  const growTo = async (to: number): Promise<void> => {
    for await (const page of checkedPages(store, tree.size, to, readable)) {
      await order(page)
      tree = extend(
        tree,
        page.map((entry) => entry.leaf),
      )
    }
  }
  await growTo(stop)
  if (latest && !agrees(latest, tree)) throw broken(`the entries below ${latest.size} are not those that were signed`)
  await growTo(size)
  return tree
}

/** A checkpoint of an older tree says nothing here: that the newer one grew from it was checked when that was signed. */
const agrees = (checkpoint: Checkpoint, tree: Frontier): boolean => checkpoint.size !== tree.size || sameBytes(checkpoint.root, rootOf(tree))

function openOwn({ size, note }: StoredCheckpoint, key: VerifierKey): Checkpoint {
  const checkpoint = openCheckpoint(note, key)
  if (checkpoint?.size !== size) throw broken(`the checkpoint of size ${size} was not signed by this signer`)
  return checkpoint
}
