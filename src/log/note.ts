import { concat, fromBase64, toBase64, toHex, utf8 } from '../base/bytes.ts'
import { ed25519Sign, ed25519Verify } from '../base/ed25519.ts'
import type { SignerKey, VerifierKey } from './note-key.ts'
import { isKeyName } from './note-key.ts'

const SIGNATURES_MAX = 64

/** A text and the known keys whose signatures over it were verified: at least one. Nothing is known of what the text says. */
export type OpenedNote = { readonly text: string; readonly signedBy: readonly VerifierKey[] }

/** The note: text, blank line, one signature line per key (C2SP signed-note). The text must be lines without control characters. */
export function signNote(text: string, keys: readonly SignerKey[]): string {
  if (!isNoteText(text)) throw new Error('a note is made of whole lines without control characters')
  const lines = keys.map((key) => `— ${key.name} ${toBase64(concat(Buffer.from(key.id, 'hex'), ed25519Sign(key.seed, utf8(text))))}\n`)
  return `${text}\n${lines.join('')}`
}

/**
 * The note's text once a known key is seen to have signed it, or null. Signatures of unknown keys are ignored, whatever they hold;
 * one of a known key that does not verify condemns the note, and so does a malformed line.
 */
export function openNote(note: string, known: readonly VerifierKey[]): OpenedNote | null {
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n')) return null
  const text = note.slice(0, end + 1)
  const lines = note.slice(end + 2, -1).split('\n')
  if (!isNoteText(text) || lines.length > SIGNATURES_MAX) return null
  const signedBy = new Set<VerifierKey>()
  for (const line of lines) {
    const signature = parseSignature(line)
    if (!signature) return null
    const key = known.find((one) => one.name === signature.name && one.id === signature.id)
    if (!key) continue
    if (!ed25519Verify(key.publicKey, utf8(text), signature.bytes)) return null
    signedBy.add(key)
  }
  return signedBy.size > 0 ? { text, signedBy: [...signedBy] } : null
}

function parseSignature(line: string): { readonly name: string; readonly id: string; readonly bytes: Uint8Array } | null {
  const [, name, data] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? []
  const bytes = data === undefined ? null : fromBase64(data)
  if (name === undefined || !isKeyName(name) || !bytes || bytes.length < 5) return null
  return { name, id: toHex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) }
}

// Only newline of the ASCII controls: a terminal that prints a note must not be steered by it.
const isNoteText = (text: string): boolean => text.endsWith('\n') && text.isWellFormed() && !/[^\P{Cc}\n\u007f-\u009f]/u.test(text)
