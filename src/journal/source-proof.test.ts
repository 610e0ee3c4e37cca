import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal, ORIGIN } from '../../test/support/journal.ts'
import { flipBody } from '../../test/support/tamper.ts'
import { leafHash } from '../log/leaf.ts'
import { formatVkey, signerKey } from '../log/note-key.ts'
import { parsePolicy } from '../log/policy.ts'
import { verifyTlogProof } from '../log/tlog-proof.ts'
import { proveEntry } from './source-proof.ts'
import { storeSource } from './source-store.ts'
import { trustKey } from './verify-trust.ts'

const SIZES = [1, 2, 7, 8, 20, 33, 64, 65, 100]
let fresh: FreshJournal
beforeAll(async () => {
  fresh = await freshJournal()
  for (const [i, size] of SIZES.entries()) {
    await fresh.fill(size - (SIZES[i - 1] ?? 0))
    await fresh.sign()
  }
  await fresh.fill(3)
}, 30_000)
afterAll(() => fresh.close())

const parts = () => ({ source: storeSource(fresh.store), trust: trustKey(fresh.key) })
const policy = () => {
  const parsed = parsePolicy(`log ${formatVkey(fresh.key)}\nquorum none\n`)
  if (!parsed.ok) throw new Error(parsed.refusal.join())
  return parsed.value
}

describe('the proof of an entry out of the table', () => {
  it('verifies for every signed entry, under the first checkpoint that covers it', async () => {
    for (let index = 0; index < 100; index++) {
      const proved = await proveEntry(parts(), index)
      if (!proved.ok) throw new Error(`${index}: ${proved.refusal}`)
      expect(proved.value.size).toBe(SIZES.find((size) => size > index))
      expect(verifyTlogProof({ text: proved.value.text, leaf: leafHash(proved.value.body), policy: policy() })).toMatchObject({ ok: true, value: { index } })
    }
  })

  it('reads only what lies between the checkpoints around the entry', async () => {
    const read: number[] = []
    const store = {
      ...fresh.store,
      read: (from: number, limit: number) => (read.push(...Array.from({ length: limit }, (_, i) => from + i)), fresh.store.read(from, limit)),
    }
    expect(await proveEntry({ source: storeSource(store), trust: trustKey(fresh.key) }, 70)).toMatchObject({ ok: true })
    expect([Math.min(...read), Math.max(...read)]).toEqual([65, 99])
  })

  it('reads from the first entry where the checkpoints kept no trees, or false ones', async () => {
    const bare = {
      ...fresh.store,
      checkpoints: async (from: number, limit: number) => (await fresh.store.checkpoints(from, limit)).map((one) => ({ ...one, frontier: null })),
    }
    expect(await proveEntry({ source: storeSource(bare), trust: trustKey(fresh.key) }, 70)).toMatchObject({ ok: true, value: { size: 100 } })
    const false_ = {
      ...fresh.store,
      checkpoints: async (from: number, limit: number) =>
        (await fresh.store.checkpoints(from, limit)).map((one) => ({ ...one, frontier: one.frontier && new Uint8Array(one.frontier.length) })),
    }
    expect(await proveEntry({ source: storeSource(false_), trust: trustKey(fresh.key) }, 70)).toMatchObject({ ok: true, value: { size: 100 } })
  })

  it.each([
    [100, 'no checkpoint covers entry 100 yet: it is signed within a second or so'],
    [103, 'the database has no entry 103: it has 103'],
    [-1, 'the database has no entry -1: it has 103'],
    [0.5, 'the database has no entry 0.5: it has 103'],
  ])('refuses for entry %d', async (index, refusal) => {
    expect(await proveEntry(parts(), index)).toEqual({ ok: false, refusal })
  })

  it('refuses when no believed checkpoint covers it', async () => {
    const trust = trustKey(signerKey(ORIGIN, randomBytes(32)))
    expect(await proveEntry({ ...parts(), trust }, 99)).toEqual({
      ok: false,
      refusal: `no checkpoint that is believed covers entry 99: the checkpoint of size 100 does not carry the signature of ${ORIGIN}`,
    })
  })

  it('refuses, and says where, once an entry on the way was altered', async () => {
    await flipBody(fresh, 90)
    try {
      expect(await proveEntry(parts(), 70)).toEqual({ ok: false, refusal: 'entries 65 to 99 in the database are not those that were signed' })
    } finally {
      await flipBody(fresh, 90)
    }
    expect(await proveEntry(parts(), 70)).toMatchObject({ ok: true })
  })
})
