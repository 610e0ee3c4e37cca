import { sameBytes } from '../base/bytes.ts'
import { EMPTY_FRONTIER, extend, rootOf } from './frontier.ts'
import { EMPTY_ROOT } from './leaf.ts'
import { verifySubtreeConsistency, verifySubtreeInclusion } from './subtree.ts'

/** The hashes that prove leaf `index` to be in the tree over `leaves` (RFC 6962 §2.1.1), nearest sibling first. */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  if (!Number.isSafeInteger(index) || index < 0 || index >= leaves.length) throw new Error(`no leaf ${index} in a tree of ${leaves.length}`)
  if (leaves.length === 1) return []
  const middle = split(leaves.length)
  const [left, right] = [leaves.slice(0, middle), leaves.slice(middle)]
  return index < middle ? [...inclusionProof(left, index), treeRoot(right)] : [...inclusionProof(right, index - middle), treeRoot(left)]
}

/** The hashes that prove the tree over the first `size` leaves to be a prefix of the tree over all of them (RFC 6962 §2.1.2). */
export function consistencyProof(leaves: readonly Uint8Array[], size: number): readonly Uint8Array[] {
  if (!Number.isSafeInteger(size) || size < 0 || size > leaves.length) throw new Error(`no tree of ${size} within one of ${leaves.length}`)
  return size === 0 ? [] : subproof(leaves, size, true)
}

/** Whether `leaf` is at `index` of the tree of `size` leaves with this root (RFC 9162 §2.1.3.2). */
export const verifyInclusion = (claim: {
  readonly index: number
  readonly size: number
  readonly leaf: Uint8Array
  readonly proof: readonly Uint8Array[]
  readonly root: Uint8Array
}): boolean => verifySubtreeInclusion({ ...claim, start: 0, end: claim.size })

/**
 * Whether the tree of `oldSize` leaves is a prefix of that of `size` (RFC 9162 §2.1.4.2). An empty old tree is a prefix of any,
 * so there is nothing to prove and only the equal, empty one passes.
 */
export function verifyConsistency(claim: {
  readonly oldSize: number
  readonly size: number
  readonly proof: readonly Uint8Array[]
  readonly oldRoot: Uint8Array
  readonly root: Uint8Array
}): boolean {
  const { oldSize, size, proof, oldRoot, root } = claim
  if (oldSize === 0) return size === 0 && proof.length === 0 && sameBytes(oldRoot, EMPTY_ROOT) && sameBytes(root, EMPTY_ROOT)
  return verifySubtreeConsistency({ start: 0, end: oldSize, size, proof, subtreeRoot: oldRoot, root })
}

function subproof(leaves: readonly Uint8Array[], size: number, known: boolean): readonly Uint8Array[] {
  if (size === leaves.length) return known ? [] : [treeRoot(leaves)]
  const middle = split(leaves.length)
  const [left, right] = [leaves.slice(0, middle), leaves.slice(middle)]
  return size <= middle ? [...subproof(left, size, known), treeRoot(right)] : [...subproof(right, size - middle, false), treeRoot(left)]
}

/** The largest power of two smaller than `size`: how many leaves stand left of a tree's root. */
export function split(size: number): number {
  let middle = 1
  while (middle * 2 < size) middle *= 2
  return middle
}

const treeRoot = (leaves: readonly Uint8Array[]): Uint8Array => rootOf(extend(EMPTY_FRONTIER, leaves))
