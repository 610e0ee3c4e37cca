import { concat, utf8 } from '../base/bytes.ts'
import { ed25519Sign, ed25519Verify } from '../base/ed25519.ts'
import type { Outcome } from '../base/outcome.ts'
import { done, refuse } from '../base/outcome.ts'
import { parseCheckpoint } from './checkpoint.ts'
import type { ParsedNote } from './note.ts'
import { formatNote, parseNote, parseSignatures, readSignatures, signatureLine } from './note.ts'
import type { CosignerKey, WitnessKey } from './note-key.ts'

const TIME_BYTES = 8
const SIGNATURE_BYTES = 64

/** That `by` had seen, by its own clock, no larger consistent tree of this log at that time (C2SP tlog-cosignature). Verified; whether the time is past is for who has a clock. */
export type Cosignature = { readonly by: WitnessKey; readonly unixSeconds: number }

/**
 * The signature line, newline included, of a cosignature/v1 over a checkpoint's text at that time. The caller has verified that the tree is
 * consistent with the last one it cosigned and has stored it: this is the oath, not the check. Throws on a text that is no checkpoint.
 */
export function cosign(key: CosignerKey, text: string, unixSeconds: number): string {
  if (!parseCheckpoint(text)) throw new Error('only a checkpoint can be cosigned')
  if (!Number.isSafeInteger(unixSeconds) || unixSeconds < 0) throw new Error(`${unixSeconds} is no time in seconds`)
  const time = new Uint8Array(TIME_BYTES)
  new DataView(time.buffer).setBigUint64(0, BigInt(unixSeconds))
  return signatureLine({ name: key.name, id: key.id, bytes: concat(time, ed25519Sign(key.seed, message(text, unixSeconds))) })
}

/**
 * The newest cosignature of each known witness, perhaps none. Lines of others are ignored, whatever they hold. Refused, in words, when a
 * known witness's line is malformed or does not verify, or when the text is no checkpoint. The log's own signature is not looked at.
 */
export function cosignatures({ text, signatures }: ParsedNote, known: readonly WitnessKey[]): Outcome<readonly Cosignature[], string> {
  if (!parseCheckpoint(text)) return refuse('the note is not a checkpoint')
  const found = readSignatures(signatures, known, (key, bytes) => cosignature(key, text, bytes))
  if (!found.ok) return refuse(`the cosignature of \`${found.refusal.name}\` does not hold`)
  const newest = new Map<WitnessKey, Cosignature>()
  for (const one of found.value) if (one.unixSeconds >= (newest.get(one.by)?.unixSeconds ?? 0)) newest.set(one.by, one)
  return done([...newest.values()])
}

/**
 * The note with this witness's cosignature out of its answer (signature lines), in place of an older one of its own; null unless it is
 * there and verifies. The witness is the attacker: what its answer says under other names or keys is left out.
 */
export function withCosignature(note: string, answer: string, witness: WitnessKey): string | null {
  const parsed = parseNote(note)
  const lines = parseSignatures(answer)
  if (!parsed || !lines) return null
  const own = ({ name, id }: { readonly name: string; readonly id: string }) => name === witness.name && id === witness.id
  const given = cosignatures({ text: parsed.text, signatures: lines }, [witness])
  if (!given.ok || given.value.length === 0) return null
  const grown = formatNote({ text: parsed.text, signatures: [...parsed.signatures.filter((line) => !own(line)), ...lines.filter(own)] })
  return parseNote(grown) && grown
}

function cosignature(by: WitnessKey, text: string, bytes: Uint8Array): Cosignature | null {
  if (bytes.length !== TIME_BYTES + SIGNATURE_BYTES) return null
  const unixSeconds = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0))
  if (!Number.isSafeInteger(unixSeconds)) return null
  return ed25519Verify(by.publicKey, message(text, unixSeconds), bytes.subarray(TIME_BYTES)) ? { by, unixSeconds } : null
}

/** The first line keeps a cosignature from ever passing for a note's signature. */
const message = (text: string, unixSeconds: number): Uint8Array => utf8(`cosignature/v1\ntime ${unixSeconds}\n${text}`)
