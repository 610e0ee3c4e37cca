import { fromBase64, toBase64 } from '../base/bytes.ts'
import { HASH_BYTES } from './leaf.ts'
import { openNote, signNote } from './note.ts'
import type { SignerKey, VerifierKey } from './note-key.ts'

/** What a log claims of itself: its name, its number of leaves, and the root over them (C2SP tlog-checkpoint). */
export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Uint8Array }

/** Three lines: origin, size in decimal, root in base64. No extension lines: nobody could audit them. */
export const formatCheckpoint = (checkpoint: Checkpoint): string => `${checkpoint.origin}\n${checkpoint.size}\n${toBase64(checkpoint.root)}\n`

/** The checkpoint of a note's text, or null. Extension lines are allowed and dropped. Signatures have not been looked at. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [origin, size, root, ...rest] = text.split('\n')
  if (!origin || size === undefined || root === undefined || rest.pop() !== '' || rest.includes('')) return null
  const hash = fromBase64(root)
  if (!/^(0|[1-9][0-9]*)$/.test(size) || !Number.isSafeInteger(Number(size)) || hash?.length !== HASH_BYTES) return null
  return { origin, size: Number(size), root: hash }
}

/** The signed note of a checkpoint whose origin is the signer's name. @internal */
export const signedCheckpoint = (key: SignerKey, size: number, root: Uint8Array): string => signNote(formatCheckpoint({ origin: key.name, size, root }), [key])

/** The checkpoint of this log, its signature by `key` verified, or null. Its root has not been compared with any entries. */
export function openCheckpoint(note: string, key: VerifierKey): Checkpoint | null {
  const opened = openNote(note, [key])
  const checkpoint = opened && parseCheckpoint(opened.text)
  return checkpoint?.origin === key.name ? checkpoint : null
}
