import { fromBase64, toBase64 } from '../../base/bytes.ts'
import { done, type Outcome, refuse } from '../../base/outcome.ts'
import { type Checkpoint, parseCheckpoint } from '../../log/checkpoint.ts'
import { HASH_BYTES } from '../../log/leaf.ts'
import { type ParsedNote, parseNote } from '../../log/note.ts'

/** The most hashes that a consistency proof can need. */
const PROOF_LINES_MAX = 63

/** A request for a cosignature (C2SP tlog-witness, `add-checkpoint`). Nothing of it is verified. */
export type AddCheckpoint = {
  readonly oldSize: number
  readonly proof: readonly Uint8Array[]
  readonly note: ParsedNote
  readonly checkpoint: Checkpoint
}

/** The body of such a request. `note` is the signed checkpoint, byte for byte. */
export const formatAddCheckpoint = ({ oldSize, proof, note }: Pick<AddCheckpoint, 'oldSize' | 'proof'> & { readonly note: string }): string =>
  `old ${oldSize}\n${proof.map((hash) => `${toBase64(hash)}\n`).join('')}\n${note}`

/** The request of a body, or where it breaks the format. A stranger sent it. */
export function parseAddCheckpoint(body: Uint8Array): Outcome<AddCheckpoint, string> {
  const text = textOf(body)
  if (text === null) return refuse('the body is not UTF-8')
  const end = text.indexOf('\n\n')
  if (end < 0) return refuse('no empty line ends the proof')
  const [first = '', ...hashes] = text.slice(0, end).split('\n')
  const old = /^old (0|[1-9][0-9]{0,15})$/.exec(first)?.[1]
  if (old === undefined || !Number.isSafeInteger(Number(old))) return refuse('line 1: `old` and a size are wanted')
  if (hashes.length > PROOF_LINES_MAX) return refuse(`a proof has at most ${PROOF_LINES_MAX} lines`)
  const proof = hashes.map(fromBase64).filter((hash) => hash?.length === HASH_BYTES) as readonly Uint8Array[]
  if (proof.length !== hashes.length) return refuse('a line of a proof is a hash of 32 bytes in base64')
  const note = parseNote(text.slice(end + 2))
  const checkpoint = note && parseCheckpoint(note.text)
  return checkpoint ? done({ oldSize: Number(old), proof, note, checkpoint }) : refuse('what follows the empty line is no signed checkpoint')
}

function textOf(body: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    return null
  }
}
