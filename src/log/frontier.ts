import { concat } from '../base/bytes.ts'
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './leaf.ts'

/**
 * All of a tree that is needed to append to it: the roots of its complete subtrees, largest (leftmost) first, one for each
 * bit set in `size`. At most 53 hashes, whatever the log's length.
 */
export type Frontier = { readonly size: number; readonly roots: readonly Uint8Array[] }

export const EMPTY_FRONTIER: Frontier = { size: 0, roots: [] }

/** The frontier with these leaf hashes appended, in order. */
export function extend(frontier: Frontier, leaves: readonly Uint8Array[]): Frontier {
  const roots = [...frontier.roots]
  let size = frontier.size
  for (const leaf of leaves) {
    let hash = leaf
    // Each trailing one bit of the old size is a complete subtree that this leaf completes the pair of.
    for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) hash = nodeHash(roots.pop() as Uint8Array, hash)
    roots.push(hash)
    size += 1
  }
  return { size, roots }
}

/** Root hash of the whole tree (RFC 6962 §2.1): the subtrees folded from the right. */
export const rootOf = (frontier: Frontier): Uint8Array =>
  frontier.roots.reduceRight<Uint8Array | null>((right, left) => (right ? nodeHash(left, right) : left), null) ?? EMPTY_ROOT

/** The roots one after another, 32 bytes each. The size is kept beside them, not in them. */
export const frontierBytes = (frontier: Frontier): Uint8Array => concat(...frontier.roots)

/** The frontier of a tree of `size` leaves from its bytes, or null when these cannot be of that size. The hashes themselves are not verified. */
export function parseFrontier(bytes: Uint8Array, size: number): Frontier | null {
  if (!Number.isSafeInteger(size) || size < 0 || bytes.length !== onesIn(size) * HASH_BYTES) return null
  return { size, roots: Array.from({ length: onesIn(size) }, (_, i) => new Uint8Array(bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))) }
}

function onesIn(size: number): number {
  let ones = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2
  return ones
}
