import { sha256 } from '../base/digest.ts'

export const HASH_BYTES = 32

/** Root of the tree without leaves: SHA-256 of nothing (RFC 6962 §2.1). */
export const EMPTY_ROOT: Uint8Array = sha256('')

/** Laid out for the hash, again and again: what is not allocated need not be collected. Longer entries are rare, for no tile holds them. */
const LEAF = new Uint8Array(1 + 65_535)
/** As LEAF, for two hashes behind the prefix of a node. */
const NODE = new Uint8Array([1, ...new Uint8Array(2 * HASH_BYTES)])

/** Hash of an entry: SHA-256(0x00 ‖ entry) (RFC 6962 §2.1). The prefix keeps an entry from ever passing for a node. */
export function leafHash(entry: Uint8Array): Uint8Array {
  const data = entry.length < LEAF.length ? LEAF.subarray(0, 1 + entry.length) : new Uint8Array(1 + entry.length)
  data.set(entry, 1)
  return sha256(data)
}

/** Hash of two subtrees, 32 bytes each: SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1). Throws on any other length. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) throw new Error(`a hash of ${left.length} and ${right.length} bytes is none of the tree's`)
  NODE.set(left, 1)
  NODE.set(right, 1 + HASH_BYTES)
  return sha256(NODE)
}
