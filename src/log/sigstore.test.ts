import { crypto } from '@sigstore/core'
import { verifyTLogInclusion } from '@sigstore/verify/dist/tlog/index.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex } from '../base/bytes.ts'
import { openCheckpoint, signedCheckpoint } from './checkpoint.ts'
import { cosign } from './cosignature.ts'
import { EMPTY_FRONTIER, extend, rootOf } from './frontier.ts'
import { leafHash } from './leaf.ts'
import { cosignerKey, signerKey } from './note-key.ts'
import { inclusionProof, verifyInclusion } from './proof.ts'

/** What one verifier and the other are asked: is this entry at this index of the tree that this note signs for? */
type Claim = { readonly entry: Uint8Array; readonly index: number; readonly hashes: readonly Uint8Array[]; readonly note: string }

const LOG = signerKey('gatehouse.example/journal', new Uint8Array(32).fill(1))
const WITNESS = cosignerKey('witness.example/w1', new Uint8Array(32).fill(2))
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const AUTHORITY = {
  logID: Buffer.from(fromHex(LOG.id) ?? []),
  baseURL: `https://${LOG.name}`,
  publicKey: crypto.createPublicKey(Buffer.concat([SPKI, LOG.publicKey])),
  validFor: { start: new Date(0), end: new Date(0) },
}

function theyAccept({ entry, index, hashes, note }: Claim): boolean {
  try {
    verifyTLogInclusion(
      {
        logId: { keyId: AUTHORITY.logID },
        logIndex: String(index),
        integratedTime: '0',
        kindVersion: { kind: 'journal', version: '1' },
        canonicalizedBody: Buffer.from(entry),
        inclusionPromise: undefined,
        inclusionProof: {
          logIndex: String(index),
          hashes: hashes.map((hash) => Buffer.from(hash)),
          checkpoint: { envelope: note },
          // They take size and root from the checkpoint.
          rootHash: Buffer.alloc(0),
          treeSize: '0',
        },
      },
      [AUTHORITY],
    )
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'VerificationError') return false
    throw error
  }
}

function weAccept({ entry, index, hashes, note }: Claim): boolean {
  const checkpoint = openCheckpoint(note, LOG)
  return checkpoint !== null && verifyInclusion({ index, size: checkpoint.size, leaf: leafHash(entry), proof: hashes, root: checkpoint.root })
}

const both = (claim: Claim) => ({ ours: weAccept(claim), theirs: theyAccept(claim) })
const entryAt = (n: number) => new TextEncoder().encode(`entry ${n}`)
const LEAVES = Array.from({ length: 600 }, (_, n) => leafHash(entryAt(n)))
const honest = (size: number, index: number): Claim => {
  const leaves = LEAVES.slice(0, size)
  return { entry: entryAt(index), index, hashes: inclusionProof(leaves, index), note: signedCheckpoint(LOG, size, rootOf(extend(EMPTY_FRONTIER, leaves))) }
}
const flip = (bytes: Uint8Array, bit: number) => bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
const line = (claim: Claim, n: number, change: (line: string) => string): Claim => ({
  ...claim,
  note: claim.note
    .split('\n')
    .map((one, i) => (i === n ? change(one) : one))
    .join('\n'),
})
/** Another base64 digit in the middle, where none of its bits is padding. */
const digit = (text: string) => text.slice(0, -20) + (text.at(-20) === 'A' ? 'B' : 'A') + text.slice(-19)

describe('a verifier by other hands (@sigstore/verify)', () => {
  it('accepts our checkpoints and inclusion proofs, as we do', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.nat(), (size, pick) => {
        expect(both(honest(size, pick % size))).toEqual({ ours: true, theirs: true })
      }),
      { numRuns: 60 },
    )
  })

  it('accepts a cosigned checkpoint, as we do', () => {
    const claim = honest(300, 7)
    const text = claim.note.slice(0, claim.note.indexOf('\n\n') + 1)
    expect(both({ ...claim, note: claim.note + cosign(WITNESS, text, 1_790_000_000) })).toEqual({ ours: true, theirs: true })
  })

  it.each<[string, (claim: Claim) => Claim]>([
    ['another entry', (claim) => ({ ...claim, entry: entryAt(8) })],
    ['a bit of the entry', (claim) => ({ ...claim, entry: flip(claim.entry, 3) })],
    ['the next index', (claim) => ({ ...claim, index: claim.index + 1 })],
    ['an index beyond the tree', (claim) => ({ ...claim, index: claim.index + 512 })],
    ['a negative index', (claim) => ({ ...claim, index: -1 })],
    ['a hash too few', (claim) => ({ ...claim, hashes: claim.hashes.slice(1) })],
    ['a hash too many', (claim) => ({ ...claim, hashes: [...claim.hashes, LEAVES[0] as Uint8Array] })],
    ['two hashes swapped', (claim) => ({ ...claim, hashes: claim.hashes.with(0, claim.hashes[1] as Uint8Array).with(1, claim.hashes[0] as Uint8Array) })],
    ['another origin', (claim) => line(claim, 0, () => 'other.example/journal')],
    ['another size', (claim) => line(claim, 1, () => '301')],
    ['another root', (claim) => line(claim, 2, digit)],
    ['an extension line', (claim) => line(claim, 2, (root) => `${root}\nmore`)],
    ['another signature', (claim) => line(claim, 4, digit)],
    [
      'a namesake of another key',
      (claim) => ({ ...claim, note: signedCheckpoint(signerKey(LOG.name, new Uint8Array(32).fill(9)), 300, LEAVES[0] as Uint8Array) }),
    ],
    ['no signature', (claim) => ({ ...claim, note: claim.note.slice(0, claim.note.indexOf('\n\n') + 2) })],
    ['a smaller tree, truly signed', (claim) => ({ ...claim, note: honest(299, 7).note })],
  ])('refuses %s, as we do', (_, change) => {
    expect(both(honest(300, 7))).toEqual({ ours: true, theirs: true })
    expect(both(change(honest(300, 7)))).toEqual({ ours: false, theirs: false })
  })

  it('refuses a bit flipped in any hash of a proof, as we do', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 600 }), fc.nat(), fc.nat(), fc.nat({ max: 255 }), (size, pick, which, bit) => {
        const claim = honest(size, pick % size)
        const at = which % claim.hashes.length
        expect(both({ ...claim, hashes: claim.hashes.with(at, flip(claim.hashes[at] as Uint8Array, bit)) })).toEqual({ ours: false, theirs: false })
      }),
      { numRuns: 60 },
    )
  })
})
