import { CHECKPOINT, type Objects } from '../../archive/objects.ts'
import { sameBytes } from '../../base/bytes.ts'
import { done, type Outcome, refuse } from '../../base/outcome.ts'
import type { Entry } from '../../journal/entry.ts'
import type { EntryStore } from '../../journal/entry-store.ts'
import { readTail } from '../../journal/tail.ts'
import { openCheckpoint } from '../../log/checkpoint.ts'
import type { VerifierKey } from '../../log/note-key.ts'
import { tileProver } from '../../log/tile-proof.ts'
import { formatTlogProof } from '../../log/tlog-proof.ts'
import { type Refusal, refusal } from '../../model/refusal.ts'
import { tilesOf } from './published.ts'
import type { Witnessing } from './witnessing.ts'

export type Receipts = {
  /** The `.tlog-proof` of an entry that `may` may have. Refuses `not_found` alike for one that is not theirs and none; `receipt_not_yet`. */
  readonly receiptOf: (index: number, may: (entry: Entry) => boolean) => Promise<Outcome<string, Refusal>>
  /** Entries under the published checkpoint; null where there is none or it cannot be read. */
  readonly publishedSize: () => Promise<number | null>
}

type Parts = {
  readonly objects: Pick<Objects, 'get'>
  readonly vkey: VerifierKey
  readonly witnessing: Pick<Witnessing, 'policy' | 'standing'>
  readonly entries: Pick<EntryStore, 'head' | 'read'>
}

/** Receipts out of what the archive published. Where a policy is set, only under a checkpoint that its quorum saw: another would verify for nobody. */
export function openReceipts({ objects, vkey, witnessing, entries }: Parts): Receipts {
  const prover = tileProver(tilesOf(objects))

  async function published(): Promise<Outcome<string | null, Refusal>> {
    const read = await objects.get(CHECKPOINT)
    if (!read.ok) return refuse(refusal('source_unavailable', "the journal's archive cannot be read"))
    return done(read.value === null ? null : Buffer.from(read.value).toString())
  }

  /** The note that is to prove the entry, or null while there is none. */
  async function basis(): Promise<Outcome<string | null, Refusal>> {
    return witnessing.policy === null ? published() : done(witnessing.standing()?.witnessed?.note ?? null)
  }

  return {
    receiptOf: async (index, may) => {
      const [line] = await readTail(entries, index, 1)
      if (line?.index !== index || !('entry' in line) || !may(line.entry)) return refuse(refusal('not_found', 'there is no such entry of yours'))
      const note = await basis()
      if (!note.ok) return note
      const checkpoint = note.value === null ? null : openCheckpoint(note.value, vkey)
      if (note.value === null || checkpoint === null || checkpoint.size <= index) return refuse(notYet(witnessing.policy !== null))
      const proven = await prover.inclusion(index, checkpoint)
      if (!proven.ok) throw new Error(`no receipt of entry ${index}: ${proven.refusal}`)
      const [stored] = await entries.read(index, 1)
      // INVARIANT: `may` judged the very entry that is proven.
      if (!stored || !sameBytes(stored.leaf, proven.value.leaf)) throw new Error(`entry ${index} in the table is not the one that was published`)
      return done(formatTlogProof({ index, hashes: proven.value.proof, checkpoint: note.value, extra: null }))
    },
    publishedSize: async () => {
      const note = await published()
      return (note.ok && note.value !== null && openCheckpoint(note.value, vkey)?.size) || null
    },
  }
}

const notYet = (witnessed: boolean): Refusal =>
  refusal('receipt_not_yet', witnessed ? 'no witness has cosigned a checkpoint with this entry yet' : 'no checkpoint with this entry is published yet', {
    retryAfterSeconds: 2,
  })
