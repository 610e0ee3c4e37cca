import { concat, fromBase64, toBase64, toHex, utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import { ed25519Public } from '../base/ed25519.ts'

/** Ed25519 over the note's text (C2SP signed-note). The only type made or verified here. */
const ED25519 = 1
const TYPE = new Uint8Array([ED25519])

/** Who may have signed. `id` is four bytes in hex: a name tag, not a proof. */
export type VerifierKey = { readonly name: string; readonly id: string; readonly publicKey: Uint8Array }
/** Secret: `seed` never leaves the process that signs. */
export type SignerKey = VerifierKey & { readonly seed: Uint8Array }

/** The signer of this name with this 32-byte seed. Throws on a name no note could carry. */
export function signerKey(name: string, seed: Uint8Array): SignerKey {
  if (!isKeyName(name) || seed.length !== 32) throw new Error(`no signer can be made for ${name}`)
  const publicKey = ed25519Public(seed)
  return { name, id: keyId(name, publicKey), publicKey, seed }
}

/** `name+id+base64(0x01 ‖ public key)`: what a verifier is given, out of band. */
export const formatVkey = (key: VerifierKey): string => `${key.name}+${key.id}+${toBase64(concat(TYPE, key.publicKey))}`

/** `PRIVATE+KEY+name+id+base64(0x01 ‖ seed)`. Secret. */
export const formatSkey = (key: SignerKey): string => `PRIVATE+KEY+${key.name}+${key.id}+${toBase64(concat(TYPE, key.seed))}`

/** The verifier key of its text form, or null when it is not one of Ed25519 or its id is not its own. */
export function parseVkey(text: string): VerifierKey | null {
  const parts = split(text)
  return parts && keyId(parts.name, parts.key) === parts.id ? { name: parts.name, id: parts.id, publicKey: parts.key } : null
}

/** The signer key of its text form, or null. */
export function parseSkey(text: string): SignerKey | null {
  const parts = text.startsWith('PRIVATE+KEY+') ? split(text.slice('PRIVATE+KEY+'.length)) : null
  const key = parts && signerKey(parts.name, parts.key)
  return key && key.id === parts.id ? key : null
}

/** Not empty, no space of any alphabet, no plus. */
export const isKeyName = (name: string): boolean => name !== '' && !/[\s\u0085+\p{Cc}]/u.test(name) && name.isWellFormed()

function split(text: string): { readonly name: string; readonly id: string; readonly key: Uint8Array } | null {
  // Base64 may itself hold a plus: only the first two are separators.
  const [, name, id, data] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(text) ?? []
  const bytes = data === undefined ? null : fromBase64(data)
  if (name === undefined || id === undefined || !isKeyName(name) || bytes?.length !== 33 || bytes[0] !== ED25519) return null
  return { name, id, key: new Uint8Array(bytes.subarray(1)) }
}

const keyId = (name: string, publicKey: Uint8Array): string => toHex(sha256(concat(utf8(`${name}\n`), TYPE, publicKey)).subarray(0, 4))
