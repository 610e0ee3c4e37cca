import { fromBase64, toBase64 } from '../base/bytes.ts'
import type { Outcome } from '../base/outcome.ts'
import { done, refuse } from '../base/outcome.ts'
import { HASH_BYTES } from './leaf.ts'
import { parseNote } from './note.ts'
import type { Policy } from './policy.ts'
import { verifyInclusion } from './proof.ts'
import type { Judged } from './quorum.ts'
import { judge } from './quorum.ts'

const HEADER = 'c2sp.org/tlog-proof@v1'
/** The path of a tree of 2^63 leaves, the largest there could be. */
const HASHES_MAX = 63

/** The receipt of an entry, to be kept as `.tlog-proof` (C2SP tlog-proof). `extra` is nobody's word: nothing authenticates it. Nothing is verified. */
export type TlogProof = {
  readonly index: number
  /** From the leaf's sibling up to the root's child. */
  readonly hashes: readonly Uint8Array[]
  /** The signed note, cosignatures included, byte for byte. */
  readonly checkpoint: string
  /** At least a byte, where there is any. */
  readonly extra: Uint8Array | null
}

/** The text of a proof. Throws on what could not be read again. */
export function formatTlogProof({ index, hashes, checkpoint, extra }: TlogProof): string {
  const lines = [HEADER, ...(extra ? [`extra ${toBase64(extra)}`] : []), `index ${index}`, ...hashes.map(toBase64)]
  const text = `${lines.join('\n')}\n\n${checkpoint}`
  const again = parseTlogProof(text)
  if (!again.ok) throw new Error(`that is no proof: ${again.refusal}`)
  return text
}

/** The parts of a proof, or where its text breaks the format. Nothing is verified. */
export function parseTlogProof(text: string): Outcome<TlogProof, string> {
  const end = text.indexOf('\n\n')
  if (end < 0) return refuse('the proof has no blank line before its checkpoint')
  const lines = text.slice(0, end).split('\n')
  if (lines[0] !== HEADER) return refuse(`line 1: a proof begins with \`${HEADER}\``)
  const hasExtra = lines[1]?.startsWith('extra ') === true
  const extra = hasExtra ? fromBase64(lines[1]?.slice('extra '.length) ?? '') : null
  if (hasExtra && !extra?.length) return refuse('line 2: the extra data are not base64, or empty')
  const at = hasExtra ? 2 : 1
  const index = /^index (0|[1-9][0-9]*)$/.exec(lines[at] ?? '')?.[1]
  if (index === undefined || !Number.isSafeInteger(Number(index))) return refuse(`line ${at + 1}: \`index\` and a whole number are wanted`)
  const coded = lines.slice(at + 1)
  const hashes = coded.map(fromBase64).filter((hash) => hash?.length === HASH_BYTES) as readonly Uint8Array[]
  if (hashes.length !== coded.length)
    return refuse(`line ${at + 2 + coded.findIndex((one) => fromBase64(one)?.length !== HASH_BYTES)}: a hash is 32 bytes in base64`)
  if (hashes.length > HASHES_MAX) return refuse(`${hashes.length} hashes are more than any tree needs`)
  const checkpoint = text.slice(end + 2)
  return parseNote(checkpoint) ? done({ index: Number(index), hashes, checkpoint, extra }) : refuse('what follows the blank line is no signed note')
}

/** An entry that is in the log. Verified: the checkpoint by the policy's log and quorum, the leaf against its root. `extra` is not. */
export type Proven = { readonly index: number; readonly judged: Judged; readonly unauthenticatedExtra: Uint8Array | null }

/**
 * Whether the entry of this leaf hash is where the proof says, in a tree that the policy's log signed and its quorum saw. Offline. The
 * attacker chose the text, and perhaps the entry; the policy is ours. Refused with the sentence that says what fails.
 */
export function verifyTlogProof({
  text,
  leaf,
  policy,
}: {
  readonly text: string
  readonly leaf: Uint8Array
  readonly policy: Policy
}): Outcome<Proven, string> {
  const proof = parseTlogProof(text)
  if (!proof.ok) return proof
  const { index, hashes, checkpoint, extra } = proof.value
  const judged = judge(policy, checkpoint)
  if (!judged.ok) return judged
  if (!judged.value.met) return refuse(judged.value.words)
  const { size, root } = judged.value.checkpoint
  if (index >= size) return refuse(`entry ${index} is not below the checkpoint's size, ${size}`)
  if (!verifyInclusion({ index, size, leaf, proof: hashes, root }))
    return refuse(`the hashes do not lead from this entry, at ${index}, to the root of the tree of ${size}`)
  return done({ index, judged: judged.value, unauthenticatedExtra: extra })
}
