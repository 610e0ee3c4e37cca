import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { EMPTY_FRONTIER, extend, rootOf } from './frontier.ts'
import { leafHash } from './leaf.ts'
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from './proof.ts'
import { verifySubtreeConsistency, verifySubtreeInclusion } from './subtree.ts'

const LEAVES = Array.from({ length: 40 }, (_, i) => leafHash(Buffer.from(`entry ${i}`)))
const rootAt = (size: number) => rootOf(extend(EMPTY_FRONTIER, LEAVES.slice(0, size)))
const flipped = (hash: Uint8Array, bit: number) => hash.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))

describe('inclusion and consistency proofs', () => {
  it('verify for every index of every size', () => {
    for (let size = 1; size <= LEAVES.length; size++)
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(LEAVES.slice(0, size), index)
        const leaf = LEAVES[index] as Uint8Array
        expect(verifyInclusion({ index, size, leaf, proof, root: rootAt(size) })).toBe(true)
        expect(verifyInclusion({ index: index + 1, size, leaf, proof, root: rootAt(size) })).toBe(false)
      }
  })

  it('fail where a root that would be hashed is none', () => {
    const proof = consistencyProof(LEAVES.slice(0, 8), 4)
    const claim = { oldSize: 4, size: 8, proof, root: rootAt(8) }
    for (const bytes of [0, 31, 33]) expect(verifyConsistency({ ...claim, oldRoot: new Uint8Array(bytes) })).toBe(false)
    expect(verifyConsistency({ ...claim, oldRoot: rootAt(4) })).toBe(true)
  })

  it('verify for every older size of every size', () => {
    for (let size = 1; size <= LEAVES.length; size++)
      for (let oldSize = 1; oldSize <= size; oldSize++) {
        const proof = consistencyProof(LEAVES.slice(0, size), oldSize)
        expect(verifyConsistency({ oldSize, size, proof, oldRoot: rootAt(oldSize), root: rootAt(size) })).toBe(true)
        expect(verifyConsistency({ oldSize, size, proof, oldRoot: rootAt(size), root: rootAt(oldSize) })).toBe(oldSize === size)
      }
  })

  it('fail with any one bit flipped, a hash dropped or a hash added', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), fc.nat(), fc.nat({ max: 255 }), (size, pick, which, bit) => {
        const index = pick % size
        const leaf = LEAVES[index] as Uint8Array
        const proof = inclusionProof(LEAVES.slice(0, size), index)
        const at = which % proof.length
        const claim = { index, size, leaf, root: rootAt(size) }
        expect(verifyInclusion({ ...claim, proof: proof.map((hash, i) => (i === at ? flipped(hash, bit) : hash)) })).toBe(false)
        expect(verifyInclusion({ ...claim, proof: proof.filter((_, i) => i !== at) })).toBe(false)
        expect(verifyInclusion({ ...claim, proof: [...proof.slice(0, at), leaf, ...proof.slice(at)] })).toBe(false)
        expect(verifyInclusion({ ...claim, proof: proof.map((hash, i) => (i === at ? hash.subarray(1) : hash)) })).toBe(false)
        expect(verifyInclusion({ ...claim, proof, leaf: flipped(leaf, bit) })).toBe(false)
      }),
    )
  })

  it.each([-1, 5, 1.5, Number.NaN])('are not made for index %d of five leaves', (index) => {
    expect(() => inclusionProof(LEAVES.slice(0, 5), index)).toThrow('no leaf')
  })
})

const b64 = z.string().transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
const hashes = z
  .array(b64)
  .nullable()
  .transform((list) => list ?? [])
const COMMON = { proof: hashes, desc: z.string(), wantErr: z.boolean() }
const SHAPES = {
  inclusion: z
    .strictObject({ leafIdx: z.number(), treeSize: z.number(), root: b64, leafHash: b64, ...COMMON })
    .transform((c) => ({ ...c, holds: () => verifyInclusion({ index: c.leafIdx, size: c.treeSize, leaf: c.leafHash, proof: c.proof, root: c.root }) })),
  consistency: z
    .strictObject({ size1: z.number(), size2: z.number(), root1: b64, root2: b64, ...COMMON })
    .transform((c) => ({ ...c, holds: () => verifyConsistency({ oldSize: c.size1, size: c.size2, proof: c.proof, oldRoot: c.root1, root: c.root2 }) })),
  subtreeinclusion: z
    .strictObject({ leafIdx: z.number(), start: z.number(), end: z.number(), root: b64, leafHash: b64, ...COMMON })
    .transform((c) => ({ ...c, holds: () => verifySubtreeInclusion({ ...c, index: c.leafIdx, leaf: c.leafHash }) })),
  subtreeconsistency: z
    .strictObject({ start: z.number(), end: z.number(), size: z.number(), root1: b64, root2: b64, ...COMMON })
    .transform((c) => ({ ...c, holds: () => verifySubtreeConsistency({ ...c, subtreeRoot: c.root1, root: c.root2 }) })),
}
const CORPUS = fileURLToPath(new URL('../../../shared/data/merkle', import.meta.url))
const present = existsSync(CORPUS)
if (!present) console.warn('SKIPPED: the 518 proof cases of transparency-dev/merkle are not beside this project (../shared/data/merkle)')

describe.skipIf(!present)('the proof cases of transparency-dev/merkle (skipped aloud where they are absent)', () => {
  it('are all 518 judged as they ask', () => {
    let judged = 0
    for (const [kind, shape] of Object.entries(SHAPES))
      for (const file of readdirSync(join(CORPUS, kind), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))) {
        const one = shape.parse(JSON.parse(readFileSync(join(CORPUS, kind, file), 'utf8')))
        expect({ kind, file, holds: one.holds() }).toEqual({ kind, file, holds: !one.wantErr })
        judged += 1
      }
    expect(judged).toBe(518)
  })
})
