import { sameBytes } from '../base/bytes.ts'
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './leaf.ts'

/** Leaves `start` to `end` (exclusive) of a tree. A whole tree is the subtree with `start` 0. */
export type Span = { readonly start: number; readonly end: number }

/**
 * Whether `leaf` is the leaf at `index` of the subtree with this root (Merkle Tree Certificates draft §4.3; for a whole tree,
 * RFC 9162 §2.1.3.2). The attacker chooses everything but `root`: a proof that is too long, too short or holds anything but
 * 32-byte hashes is refused.
 */
export function verifySubtreeInclusion(
  claim: Span & { readonly index: number; readonly leaf: Uint8Array; readonly proof: readonly Uint8Array[]; readonly root: Uint8Array },
): boolean {
  const { start, end, index, leaf, proof, root } = claim
  if (!isSubtree(start, end) || !Number.isSafeInteger(index) || index < start || index >= end) return false
  if (leaf.length !== HASH_BYTES || !areHashes(proof)) return false
  let at = index - start
  let last = end - start - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash)
      for (; at % 2 === 0 && at !== 0; last = half(last)) at = half(at)
    } else hash = nodeHash(hash, sibling)
    at = half(at)
    last = half(last)
  }
  return last === 0 && sameBytes(hash, root)
}

/**
 * Whether the subtree with `subtreeRoot` is the one that the tree of `size` leaves with `root` has at that span (Merkle Tree
 * Certificates draft §4.4; with `start` 0, RFC 9162 §2.1.4.2: the tree of `end` leaves is a prefix of that of `size`). Both
 * roots are the verifier's own, the proof is the attacker's. An empty span is a subtree of everything and proves nothing.
 */
export function verifySubtreeConsistency(
  claim: Span & { readonly size: number; readonly proof: readonly Uint8Array[]; readonly subtreeRoot: Uint8Array; readonly root: Uint8Array },
): boolean {
  const { start, end, size, proof, subtreeRoot, root } = claim
  if (!Number.isSafeInteger(size) || end > size || !areHashes(proof)) return false
  if (start === end && isIndex(start)) return proof.length === 0 && sameBytes(subtreeRoot, EMPTY_ROOT)
  if (!isSubtree(start, end)) return false
  let first = start
  let inner = end - 1
  let last = size - 1
  while (first !== inner && (inner === last || inner % 2 === 1)) {
    first = half(first)
    inner = half(inner)
    last = half(last)
  }
  // A complete subtree is a node of the larger tree, and its own root starts the climb; else the proof brings the node.
  const whole = first === inner
  const seed = whole ? subtreeRoot : proof[0]
  // With nothing to hash, equal roots are equal whatever they are: cases of transparency-dev/merkle ask it.
  if (seed === undefined || (proof.length > 0 && seed.length !== HASH_BYTES)) return false
  let small = seed
  let large = seed
  for (const sibling of whole ? proof : proof.slice(1)) {
    if (last === 0) return false
    if (inner % 2 === 1 || inner === last) {
      if (first < inner) small = nodeHash(sibling, small)
      large = nodeHash(sibling, large)
      for (; inner % 2 === 0 && inner !== 0; last = half(last)) {
        first = half(first)
        inner = half(inner)
      }
    } else large = nodeHash(large, sibling)
    first = half(first)
    inner = half(inner)
    last = half(last)
  }
  return last === 0 && sameBytes(small, subtreeRoot) && sameBytes(large, root)
}

/** A span that some tree has as a subtree: `start` is a multiple of the smallest power of two that holds it. */
function isSubtree(start: number, end: number): boolean {
  if (!isIndex(start) || !isIndex(end) || start >= end) return false
  let width = 1
  while (width < end - start) width *= 2
  return start % width === 0
}

// Sizes are counted in whole numbers up to 2^53: 32-bit shifts would fold larger ones onto small ones.
const half = (n: number): number => Math.floor(n / 2)
const isIndex = (n: number): boolean => Number.isSafeInteger(n) && n >= 0
const areHashes = (proof: readonly Uint8Array[]): boolean => proof.every((hash) => hash.length === HASH_BYTES)
