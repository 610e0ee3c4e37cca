import { concat, fromBase64, toBase64, toHex, utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import { ed25519Public } from '../base/ed25519.ts'

/** What a key signs: a note's text (C2SP signed-note), or a checkpoint at a time (C2SP tlog-cosignature). Its byte stands in the key's text and id. */
const TYPES = { note: 0x01, cosignature: 0x04 } as const
type KeyType = keyof typeof TYPES

/** Who may have signed. `id` is four bytes in hex: a name tag, not a proof. */
type Known<Type extends KeyType> = { readonly type: Type; readonly name: string; readonly id: string; readonly publicKey: Uint8Array }
type Secret = { readonly seed: Uint8Array }

/** A log, or whoever else signs notes. */
export type VerifierKey = Known<'note'>
/** Secret: `seed` never leaves the process that signs. */
export type SignerKey = VerifierKey & Secret
/** A witness, or whoever else cosigns checkpoints. */
export type WitnessKey = Known<'cosignature'>
/** Secret: `seed` never leaves the process that cosigns. */
export type CosignerKey = WitnessKey & Secret

/** The signer of this name with this 32-byte seed. Throws on a name no note could carry. */
export const signerKey = (name: string, seed: Uint8Array): SignerKey => secretKey('note', name, seed)

/** The cosigner of this name with this 32-byte seed, which signs nothing else: a cosignature does not say who made it. Throws on a name no note could carry. */
export const cosignerKey = (name: string, seed: Uint8Array): CosignerKey => secretKey('cosignature', name, seed)

/** `name+id+base64(type ‖ public key)`: what a verifier is given, out of band. */
export const formatVkey = (key: VerifierKey | WitnessKey): string => `${key.name}+${key.id}+${toBase64(concat(typeByte(key.type), key.publicKey))}`

/** `PRIVATE+KEY+name+id+base64(type ‖ seed)`. Secret. */
export const formatSkey = (key: SignerKey | CosignerKey): string => `${PRIVATE}${key.name}+${key.id}+${toBase64(concat(typeByte(key.type), key.seed))}`

/** The verifier key of its text form, or null when it is not one of type 0x01 or its id is not its own. */
export const parseVkey = (text: string): VerifierKey | null => publicKey('note', text)

/** The witness key of its text form, or null when it is not one of type 0x04 or its id is not its own. */
export const parseWitnessVkey = (text: string): WitnessKey | null => publicKey('cosignature', text)

/** The signer key of its text form, or null. */
export const parseSkey = (text: string): SignerKey | null => privateKey('note', text)

/** The cosigner key of its text form, or null. */
export const parseCosignerSkey = (text: string): CosignerKey | null => privateKey('cosignature', text)

/** Not empty, no space of any alphabet, no plus. */
export const isKeyName = (name: string): boolean => name !== '' && !/[\s\u0085+\p{Cc}]/u.test(name) && name.isWellFormed()

const PRIVATE = 'PRIVATE+KEY+'

function secretKey<Type extends KeyType>(type: Type, name: string, seed: Uint8Array): Known<Type> & Secret {
  if (!isKeyName(name) || seed.length !== 32) throw new Error(`no signer can be made for ${name}`)
  const key = ed25519Public(seed)
  return { type, name, id: keyId(type, name, key), publicKey: key, seed }
}

function publicKey<Type extends KeyType>(type: Type, text: string): Known<Type> | null {
  const parts = split(type, text)
  return parts && keyId(type, parts.name, parts.key) === parts.id ? { type, name: parts.name, id: parts.id, publicKey: parts.key } : null
}

function privateKey<Type extends KeyType>(type: Type, text: string): (Known<Type> & Secret) | null {
  const parts = text.startsWith(PRIVATE) ? split(type, text.slice(PRIVATE.length)) : null
  const key = parts && secretKey(type, parts.name, parts.key)
  return key && key.id === parts.id ? key : null
}

function split(type: KeyType, text: string): { readonly name: string; readonly id: string; readonly key: Uint8Array } | null {
  // Base64 may itself hold a plus: only the first two are separators.
  const [, name, id, data] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(text) ?? []
  const bytes = data === undefined ? null : fromBase64(data)
  if (name === undefined || id === undefined || !isKeyName(name) || bytes?.length !== 33 || bytes[0] !== TYPES[type]) return null
  return { name, id, key: new Uint8Array(bytes.subarray(1)) }
}

const typeByte = (type: KeyType): Uint8Array => new Uint8Array([TYPES[type]])

const keyId = (type: KeyType, name: string, key: Uint8Array): string => toHex(sha256(concat(utf8(`${name}\n`), typeByte(type), key)).subarray(0, 4))
