import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import reference from '../../test/vectors/log/ct-8-leaves.json' with { type: 'json' }
import { toHex } from '../base/bytes.ts'
import { EMPTY_FRONTIER, extend, frontierBytes, parseFrontier, rootOf } from './frontier.ts'
import { EMPTY_ROOT, leafHash, nodeHash } from './leaf.ts'

const REFERENCE = reference.entries.map((entry) => leafHash(Buffer.from(entry, 'hex')))
const numbered = (size: number) => Array.from({ length: size }, (_, i) => leafHash(Buffer.from(String(i))))

/** The definition, word for word (RFC 6962 §2.1): the oracle for the incremental way. */
function mth(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (only === undefined) return EMPTY_ROOT
  if (leaves.length === 1) return only
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)))
}

describe('the hash of two subtrees', () => {
  it.each([31, 33, 0])('is of nothing but hashes: not of %d bytes', (bytes) => {
    const [some, hash] = [new Uint8Array(bytes), new Uint8Array(32)]
    expect(() => nodeHash(some, hash)).toThrow("none of the tree's")
    expect(() => nodeHash(hash, some)).toThrow("none of the tree's")
  })
})

describe('frontier', () => {
  it.each(reference.roots.map((root, size) => ({ size, root })))('has the reference root at size $size', ({ size, root }) => {
    expect(toHex(rootOf(extend(EMPTY_FRONTIER, REFERENCE.slice(0, size))))).toBe(root)
  })

  it('agrees with the recursive definition at every size, however the leaves come in', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }), (first, second) => {
        const leaves = numbered(first + second)
        const frontier = extend(extend(EMPTY_FRONTIER, leaves.slice(0, first)), leaves.slice(first))
        expect(frontier.size).toBe(first + second)
        expect(rootOf(frontier)).toEqual(mth(leaves))
      }),
      { numRuns: 50 },
    )
  })

  it('survives its own bytes, and goes on from them', () => {
    for (let size = 0; size <= 70; size++) {
      const frontier = extend(EMPTY_FRONTIER, numbered(size))
      const again = parseFrontier(frontierBytes(frontier), size)
      expect(again && rootOf(extend(again, REFERENCE))).toEqual(rootOf(extend(frontier, REFERENCE)))
    }
  })

  it.each([
    ['a hash too few', 96, 15],
    ['a hash too many', 160, 15],
    ['a byte too few', 127, 15],
    ['bytes for an empty tree', 32, 0],
    ['a negative size', 0, -1],
    ['a broken size', 32, 1.5],
    ['a size beyond counting', 32, 2 ** 53],
  ])('takes no frontier with %s', (_, bytes, size) => {
    expect(parseFrontier(new Uint8Array(bytes), size)).toBeNull()
  })

  it('counts past 32 bits', () => {
    const size = 2 ** 40 + 2 ** 33 + 1
    const frontier = parseFrontier(new Uint8Array(96), size)
    expect(frontier && extend(frontier, REFERENCE.slice(0, 1))).toMatchObject({ size: size + 1, roots: { length: 3 } })
  })
})
