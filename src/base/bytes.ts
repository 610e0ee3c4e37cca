const TEXT = new TextEncoder()

export const utf8 = (text: string): Uint8Array => TEXT.encode(text)

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The bytes of lower-case hexadecimal, two digits each, or null. */
export const fromHex = (text: string): Uint8Array | null => (/^([0-9a-f]{2})*$/.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : null)

export const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

export const toBase64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** The bytes of strict, padded base64 (RFC 4648 §4), or null: `Buffer` would skip what it does not know. */
export function fromBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

/** The bytes of strict, unpadded base64url (RFC 7515 §2), or null. */
export function fromBase64url(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : null
}

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
