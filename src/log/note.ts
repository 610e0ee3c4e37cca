import { concat, fromBase64, fromHex, toBase64, toHex, utf8 } from '../base/bytes.ts'
import { ed25519Sign, ed25519Verify } from '../base/ed25519.ts'
import type { Outcome } from '../base/outcome.ts'
import { done, refuse } from '../base/outcome.ts'
import type { SignerKey, VerifierKey } from './note-key.ts'
import { isKeyName } from './note-key.ts'

const SIGNATURES_MAX = 64

/** What a signature line says: a key's name, its id in hex, and the bytes behind the id. Nothing of it is verified. */
export type Signature = { readonly name: string; readonly id: string; readonly bytes: Uint8Array }

/** A note taken apart. Nobody's signature has been looked at: the text must not be believed yet. */
export type ParsedNote = { readonly text: string; readonly signatures: readonly Signature[] }

/** A text and the known keys whose signatures over it were verified: at least one. Nothing is known of what the text says. */
export type OpenedNote = { readonly text: string; readonly signedBy: readonly VerifierKey[] }

/** The note: text, blank line, one signature line per key (C2SP signed-note). The text must be lines without control characters. */
export function signNote(text: string, keys: readonly SignerKey[]): string {
  if (!isNoteText(text)) throw new Error('a note is made of whole lines without control characters')
  return formatNote({ text, signatures: keys.map((key) => ({ name: key.name, id: key.id, bytes: ed25519Sign(key.seed, utf8(text)) })) })
}

/** The note of its parts, byte for byte what `parseNote` took apart. */
export const formatNote = ({ text, signatures }: ParsedNote): string => `${text}\n${signatures.map(signatureLine).join('')}`

/** `— name base64(id ‖ bytes)` and a newline. */
export const signatureLine = ({ name, id, bytes }: Signature): string => `— ${name} ${toBase64(concat(fromHex(id) ?? new Uint8Array(), bytes))}\n`

/**
 * The note's text once a known key is seen to have signed it, or null. Signatures of unknown keys are ignored, whatever they hold;
 * one of a known key that does not verify condemns the note, and so does a malformed line.
 */
export function openNote(note: string, known: readonly VerifierKey[]): OpenedNote | null {
  const parsed = parseNote(note)
  if (!parsed) return null
  const signedBy = noteSigners(parsed, known)
  return signedBy.ok && signedBy.value.length > 0 ? { text: parsed.text, signedBy: signedBy.value } : null
}

/** Which of the known keys signed the note's text, perhaps none; or the key whose signature does not hold, which condemns the note. */
export function noteSigners({ text, signatures }: ParsedNote, known: readonly VerifierKey[]): Outcome<readonly VerifierKey[], VerifierKey> {
  const signed = utf8(text)
  const found = readSignatures(signatures, known, (key, bytes) => (ed25519Verify(key.publicKey, signed, bytes) ? key : null))
  return found.ok ? done([...new Set(found.value)]) : found
}

/** What `read` makes of each known key's signatures, in the order of the lines; or the first known key of whose signature it makes nothing. */
export function readSignatures<Key extends { readonly name: string; readonly id: string }, Read>(
  signatures: readonly Signature[],
  known: readonly Key[],
  read: (key: Key, bytes: Uint8Array) => Read | null,
): Outcome<readonly Read[], Key> {
  const made: Read[] = []
  for (const { name, id, bytes } of signatures) {
    // Name and id together say whose it is: either alone may be borrowed.
    const key = known.find((one) => one.name === name && one.id === id)
    if (!key) continue
    const one = read(key, bytes)
    if (one === null) return refuse(key)
    made.push(one)
  }
  return done(made)
}

/** The parts of a note of one to 64 signatures, or null: split at the last blank line, without control characters, every line well formed. */
export function parseNote(note: string): ParsedNote | null {
  const end = note.lastIndexOf('\n\n')
  if (end < 0) return null
  const text = note.slice(0, end + 1)
  const signatures = parseSignatures(note.slice(end + 2))
  return isNoteText(text) && signatures ? { text, signatures } : null
}

/** One to 64 signature lines, or null. */
export function parseSignatures(text: string): readonly Signature[] | null {
  const lines = text.split('\n')
  if (lines.pop() !== '' || lines.length === 0 || lines.length > SIGNATURES_MAX) return null
  const signatures = lines.map(parseSignature).filter((signature) => signature !== null)
  return signatures.length === lines.length ? signatures : null
}

function parseSignature(line: string): Signature | null {
  const [, name, data] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? []
  const bytes = data === undefined ? null : fromBase64(data)
  if (name === undefined || !isKeyName(name) || !bytes || bytes.length < 5) return null
  return { name, id: toHex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) }
}

// Only newline of the ASCII controls: a terminal that prints a note must not be steered by it.
const isNoteText = (text: string): boolean => text.endsWith('\n') && text.isWellFormed() && !/[^\P{Cc}\n\u007f-\u009f]/u.test(text)
