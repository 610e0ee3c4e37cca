import { sameBytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { turns } from '../../base/turns.ts'
import { type Checkpoint, parseCheckpoint } from '../../log/checkpoint.ts'
import { cosign } from '../../log/cosignature.ts'
import { EMPTY_ROOT } from '../../log/leaf.ts'
import { formatNote, noteSigners, parseNote } from '../../log/note.ts'
import type { CosignerKey, VerifierKey } from '../../log/note-key.ts'
import { verifyConsistency } from '../../log/proof.ts'
import type { WitnessMemory } from './memory.ts'
import { type AddCheckpoint, parseAddCheckpoint } from './request.ts'

/** An answer of HTTP. */
export type WitnessAnswer = { readonly status: 200 | 400 | 403 | 404 | 409 | 422; readonly mediaType: string; readonly body: string }

export type Witness = {
  /** Answers one request for a cosignature. Rejects when the memory fails: then nothing was cosigned. */
  readonly addCheckpoint: (body: Uint8Array) => Promise<WitnessAnswer>
  /** What it last cosigned of a log, with its own line; null before. */
  readonly latest: (origin: string) => Promise<string | null>
}

export type WitnessParts = {
  readonly key: CosignerKey
  /** The logs it watches; several keys may have one origin. */
  readonly logs: readonly VerifierKey[]
  readonly memory: WitnessMemory
  readonly clock: Clock
}

/**
 * A witness of logs (C2SP tlog-witness): it cosigns a checkpoint only when the log signed it and it grew from the last one it cosigned, and
 * remembers it durably before it answers. So it never cosigns two histories, whoever asks, however often, and whenever it is killed.
 * Requests of one log are taken one at a time; between processes on one memory the compare-and-swap decides.
 */
export function openWitness({ key, logs, memory, clock }: WitnessParts): Witness {
  const inTurn = turns()

  async function consider({ oldSize, proof, note, checkpoint }: AddCheckpoint): Promise<WitnessAnswer> {
    const last = await memory.load(checkpoint.origin)
    const known = last.note === null ? null : checkpointOf(last.note)
    if (oldSize !== (known?.size ?? 0)) return conflict(known?.size ?? 0)
    const fault = growthFault(known, checkpoint, proof)
    if (fault !== null) return plain(422, fault)
    const line = cosign(key, note.text, Math.floor(clock() / 1000))
    const signers = logs.filter(({ name }) => name === checkpoint.origin)
    const own = note.signatures.filter(({ name, id }) => signers.some((signer) => signer.name === name && signer.id === id))
    const saved = await memory.save(checkpoint.origin, last.turn, `${formatNote({ text: note.text, signatures: own })}${line}`)
    // INVARIANT: the line leaves only after its checkpoint is durable, and only if nothing else took its place.
    return saved ? plain(200, line) : conflict((await latestSize(checkpoint.origin)) ?? 0)
  }

  async function latestSize(origin: string): Promise<number | null> {
    const { note } = await memory.load(origin)
    return note === null ? null : checkpointOf(note).size
  }

  return {
    addCheckpoint: async (body) => {
      const asked = parseAddCheckpoint(body)
      if (!asked.ok) return plain(400, asked.refusal)
      const { checkpoint, note, oldSize } = asked.value
      const trusted = logs.filter(({ name }) => name === checkpoint.origin)
      if (trusted.length === 0) return plain(404, 'this witness does not know the log')
      const signers = noteSigners(note, trusted)
      if (!signers.ok || signers.value.length === 0) return plain(403, 'no signature of a key that is trusted for this log holds')
      if (oldSize > checkpoint.size) return plain(400, 'the old size is larger than the checkpoint’s')
      return inTurn(checkpoint.origin, () => consider(asked.value))
    },
    latest: async (origin) => (await memory.load(origin)).note,
  }
}

/** Why the checkpoint did not grow from what was cosigned last, or null. `known` is of the old size. */
function growthFault(known: Checkpoint | null, { size, root }: Checkpoint, proof: readonly Uint8Array[]): string | null {
  const old = known ?? { size: 0, root: EMPTY_ROOT }
  if (old.size === 0 && proof.length > 0) return 'a proof from an empty tree is empty'
  if (size === 0) return sameBytes(root, EMPTY_ROOT) ? null : 'the root is not that of an empty tree'
  if (old.size === 0) return null
  if (old.size === size && !sameBytes(old.root, root)) return 'another root was cosigned at this size'
  return verifyConsistency({ oldSize: old.size, size, proof, oldRoot: old.root, root })
    ? null
    : 'the proof does not lead from the tree that was cosigned to this one'
}

/** INVARIANT: what the memory holds was verified before it was saved, and its folder was looked through at the start. */
function checkpointOf(note: string): Checkpoint {
  const parsed = parseNote(note)
  const checkpoint = parsed && parseCheckpoint(parsed.text)
  if (!checkpoint) throw new Error('the witness’s memory holds what is no checkpoint')
  return checkpoint
}

const plain = (status: WitnessAnswer['status'], text: string): WitnessAnswer => ({
  status,
  mediaType: 'text/plain; charset=utf-8',
  body: text.endsWith('\n') ? text : `${text}\n`,
})

const conflict = (size: number): WitnessAnswer => ({ status: 409, mediaType: 'text/x.tlog.size', body: `${size}\n` })
