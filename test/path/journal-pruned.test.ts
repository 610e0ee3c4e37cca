import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findBehind, readBehind } from '../../src/journal/cold.ts'
import { followJournal } from '../../src/journal/follow.ts'
import { parseRecorded } from '../../src/journal/recorded.ts'
import { signCheckpoint } from '../../src/journal/sign.ts'
import { fileSigner } from '../../src/journal/signer.ts'
import { searchSource } from '../../src/journal/source-search.ts'
import { storeSource } from '../../src/journal/source-store.ts'
import { verifyLog } from '../../src/journal/verify.ts'
import { trustKey } from '../../src/journal/verify-trust.ts'
import { entriesPath } from '../../src/log/tile.ts'
import { bulkFind } from '../../src/store/journal-bulk.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { prunedSize } from '../../src/store/pruned-store.ts'
import { type FreshJournal, freshJournal, poolOf } from '../support/journal.ts'
import { published } from '../support/log-copies.ts'
import { drop, type Kept } from '../support/tamper.ts'

/** 700 entries of which the first 512 lie in the archive only, as an entry says. */
let fresh: FreshJournal
let kept: Kept
beforeEach(async () => {
  fresh = await freshJournal()
  await fresh.fill(700)
  await fresh.sign()
  kept = await published(fresh.store, fresh.key)
})
afterEach(() => fresh.close())

async function pruned(size: number, { told = size }: { readonly told?: number } = {}): Promise<void> {
  if (told > 0) await fresh.journal.record({ kind: 'journal.pruned', outcome: 'done', detail: { from: 0, to: told, why: 'older than 90 days' } })
  await fresh.prune(size)
  await fresh.sign()
}

function behind(archive: Kept = kept) {
  const pool = poolOf(fresh.roleUrl('archive'))
  const size = prunedSize(pool)
  const read = readBehind(journalStore({ pool }).read, { prunedSize: size, get: async (path) => archive.get(path) ?? null })
  return { pool, size, store: { ...fresh.store, read } }
}

async function verified(archive: Kept = kept) {
  const { pool, size, store } = behind(archive)
  try {
    return (await verifyLog({ source: storeSource(store, { prunedSize: size }), trust: trustKey(fresh.key), tail: 'unsigned' })).report
  } finally {
    await pool.end()
  }
}

describe('a journal whose oldest entries left the table', () => {
  it('verifies to the last entry, and says which came from the archive', async () => {
    await pruned(512)
    expect((await fresh.sql('select min(index)::int, count(*)::int from journal_entry')).rows).toEqual([{ min: 512, count: 189 }])
    expect(await verified()).toMatchObject({ ok: true, size: 701, pruned: 512, faults: [] })
  })

  it('goes on being followed from the first entry, and signed by a signer that has forgotten all', async () => {
    await pruned(512)
    await fresh.fill(5)
    const { pool, store } = behind()
    const signing = poolOf(fresh.roleUrl('sign'))
    const state = { load: () => Promise.resolve(null), save: () => Promise.resolve() }
    expect(await signCheckpoint({ store: { ...journalStore({ pool: signing }), read: store.read }, signer: fileSigner(fresh.key), state })).toMatchObject({
      size: 706,
    })
    const follower = followJournal({ store, vkey: fresh.key })
    const all: unknown[] = []
    for (let step = await follower.advance(); step.length > 0; step = await follower.advance()) all.push(...step.map(({ body }) => parseRecorded(body)?.kind))
    expect([all.length, all[0], all[700]]).toEqual([706, 'ask.answered', 'journal.pruned'])
    await Promise.all([pool.end(), signing.end()])
  })

  it('is read across the border, and not at all where the archive lacks what left the table', async () => {
    await pruned(512)
    const { pool, store } = behind()
    const indices = async (from: number, limit: number) => (await store.read(from, limit)).map(({ index }) => index)
    expect(await indices(512, 2)).toEqual([512, 513])
    expect(await indices(250, 10)).toEqual([250, 251, 252, 253, 254, 255, 256, 257, 258, 259])
    expect(await indices(500, 30)).toEqual(Array.from({ length: 30 }, (_, i) => 500 + i))
    kept.delete(entriesPath(1, 256))
    await expect(indices(250, 10)).rejects.toMatchObject({
      code: 'data_unreachable',
      message: `the journal's archive does not hold \`${entriesPath(1, 256)}\`, whose entries have left the database`,
    })
    expect(await indices(512, 1)).toEqual([512])
    await pool.end()
  })

  const BREACHES: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    [
      'nobody said that they were pruned',
      () => pruned(512, { told: 0 }),
      'entries below 512 are gone from the database, and no entry says that they were pruned',
    ],
    ['fewer were said to be pruned', () => pruned(512, { told: 256 }), 'entries below 512 are gone from the database, and no entry says that they were pruned'],
    ['more left than the database says', () => pruned(512).then(() => drop(fresh, 512, 520)), 'entries 512 to 520 are missing: nothing after can be verified'],
    [
      'one of them is still there',
      async () => {
        const [old] = await fresh.store.read(100, 1)
        await pruned(512)
        await fresh.sql('insert into journal_entry (index, leaf, body) values (100, $1, $2)', [old?.leaf, old?.body])
      },
      'entry 100 lies before entry 512, where the table begins',
    ],
    [
      'the archive has another entry',
      async () => {
        await pruned(512)
        const bundle = kept.get(entriesPath(0, 256)) as Uint8Array
        const text = Buffer.from(bundle).toString('latin1').replace('"time":1', '"time":2')
        kept.set(entriesPath(0, 256), Buffer.from(text, 'latin1'))
      },
      'entries 0 to 699 are not those that were signed: their root is not that of the checkpoint of size 700',
    ],
  ]
  it('is searched across the border, and shows no entry that the archive altered', async () => {
    await pruned(512)
    const bundle = kept.get(entriesPath(0, 256)) as Uint8Array
    kept.set(entriesPath(0, 256), Buffer.from(Buffer.from(bundle).toString('latin1').replace('"ses-7"', '"ses-x"'), 'latin1'))
    const { pool, size, store } = behind()
    const source = storeSource(store, { prunedSize: size })
    for (const find of [null, findBehind(bulkFind({ pool }), store.read, size)]) {
      const found = []
      for await (const one of searchSource({ source, filter: { operation: 'getShipmentSummary' }, find })) found.push(one)
      expect(found).toHaveLength(700)
      expect(found[7]).toEqual({ index: 7, fault: 'entry 7 does not match its leaf hash: its body or its hash was altered' })
      expect(found.filter((one) => 'entry' in one)).toHaveLength(699)
    }
    kept.delete(entriesPath(0, 256))
    const lacking = searchSource({ source, filter: { operation: 'getShipmentSummary' }, find: findBehind(bulkFind({ pool }), store.read, size) })
    await expect(lacking.next()).rejects.toMatchObject({ code: 'data_unreachable' })
    await pool.end()
  })

  it('is said to be pruned by an entry about whole bundles before it only', async () => {
    for (const to of [1e300, 511, 1024]) await fresh.journal.record({ kind: 'journal.pruned', outcome: 'done', detail: { from: 0, to, why: 'old' } })
    await pruned(512, { told: 0 })
    expect((await verified()).faults).toEqual(['entries below 512 are gone from the database, and no entry says that they were pruned'])
  })

  it('loses nothing that lies outside what is taken', async () => {
    await fresh.sql('insert into journal_pruned (size) values (256)')
    await fresh.prune(512, 256)
    expect((await fresh.sql('select count(*)::int as left from journal_entry where index < 256')).rows).toEqual([{ left: 256 }])
  })

  it.each(BREACHES)('does not verify when %s', async (_, breach, fault) => {
    await breach()
    const { ok, faults } = await verified()
    expect([ok, faults.join('; ')]).toEqual([false, expect.stringContaining(fault)])
  })
})
