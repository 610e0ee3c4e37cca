import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { entry, type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { cutTo, drop, flipBody, flipHead, flipLeaf, forge, rewrite, squeeze, swap } from '../../test/support/tamper.ts'
import { toBase64 } from '../base/bytes.ts'
import { signedCheckpoint } from '../log/checkpoint.ts'
import { EMPTY_FRONTIER, extend, rootOf } from '../log/frontier.ts'
import { leafHash } from '../log/leaf.ts'
import { openJournal } from './open.ts'
import { storeSource } from './source-store.ts'
import { type Report, verifyJournal, verifyLog } from './verify.ts'
import { trustKey } from './verify-trust.ts'

let fresh: FreshJournal
beforeEach(async () => {
  fresh = await freshJournal()
})
afterEach(() => fresh.close())

/** As someone who has only the database and the verifier key. */
const verify = (): Promise<Report> => verifyJournal({ store: fresh.store, vkey: fresh.key })

/** What a report says beside its figures when nothing is wrong. */
const WHOLE = {
  ok: true,
  source: 'the database',
  log: 'gatehouse.test/log',
  from: 0,
  pruned: 0,
  lacking: null,
  unwitnessedTail: null,
  witnessed: null,
  tiles: null,
  payloads: null,
  faults: [],
  warnings: [],
}

/** Entries 0 to 9 under a checkpoint of 5 and one of 10, then 10 and 11 unsigned. */
async function twelve(): Promise<void> {
  await fresh.fill(5)
  await fresh.sign()
  await fresh.fill(5)
  await fresh.sign()
  await fresh.fill(2)
}

describe('verifyJournal', () => {
  it('finds nothing wrong with an empty journal', async () => {
    expect(await verify()).toEqual({ ...WHOLE, size: 0, root: toBase64(rootOf(EMPTY_FRONTIER)), checkpoints: 0, unsignedTail: 0 })
  })

  it('finds nothing wrong with one of many pages, and tells how far it is', async () => {
    const sizes: number[] = []
    for (const count of [300, 212, 512, 1, 600]) {
      await fresh.fill(count)
      await fresh.sign()
    }
    await fresh.fill(7)
    const leaves = (await fresh.store.read(0, 10_000)).map(({ body }) => leafHash(body))
    const report = await verifyJournal({
      store: fresh.store,
      vkey: fresh.key,
      remembered: await fresh.state.load(),
      onProgress: ({ verified }) => sizes.push(verified),
    })
    expect(report).toEqual({ ...WHOLE, size: 1632, root: toBase64(rootOf(extend(EMPTY_FRONTIER, leaves))), checkpoints: 5, unsignedTail: 7 })
    expect(sizes).toEqual([1024, 1632])
  })

  it('finds nothing wrong while others append and sign', async () => {
    await twelve()
    let rounds = 0
    const growing = {
      ...fresh.store,
      read: async (from: number, limit: number) => {
        if (rounds++ < 3) {
          await fresh.fill(3)
          await fresh.sign()
        }
        return fresh.store.read(from, limit)
      },
    }
    expect(await verifyJournal({ store: growing, vkey: fresh.key })).toMatchObject({ ok: true, size: 12, checkpoints: 2, unsignedTail: 2 })
    expect(await verify()).toMatchObject({ ok: true, size: 21, unsignedTail: 0 })
  })

  const strayed = (from: number, size: number) =>
    `entries ${from} to ${size - 1} are not those that were signed: their root is not that of the checkpoint of size ${size}`
  const CORPUS: readonly (readonly [string, () => Promise<unknown>, readonly string[]])[] = [
    [
      'a bit in a signed body',
      () => flipBody(fresh, 3),
      ['entry 3 does not match its leaf hash: its body or its hash was altered', strayed(0, 5), "the head's hashes are not those of the 12 entries it names"],
    ],
    [
      'a bit in a body of the second checkpoint',
      () => flipBody(fresh, 7),
      ['entry 7 does not match its leaf hash: its body or its hash was altered', strayed(5, 10), "the head's hashes are not those of the 12 entries it names"],
    ],
    [
      'a bit in an unsigned body',
      () => flipBody(fresh, 11),
      ['entry 11 does not match its leaf hash: its body or its hash was altered', "the head's hashes are not those of the 12 entries it names"],
    ],
    ['a bit in a leaf', () => flipLeaf(fresh, 3), ['entry 3 does not match its leaf hash: its body or its hash was altered']],
    ['other words in a signed entry, leaf and head to match', () => rewrite(fresh, 6), [strayed(5, 10)]],
    ['two signed entries swapped', () => swap(fresh, 1, 2), [strayed(0, 5), "the head's hashes are not those of the 12 entries it names"]],
    ['two unsigned entries swapped', () => swap(fresh, 10, 11), ["the head's hashes are not those of the 12 entries it names"]],
    ['an entry dropped and the gap closed, head to match', () => squeeze(fresh, 7), [strayed(5, 10)]],
    [
      'a gap',
      () => drop(fresh, 7),
      ['entry 7 is missing: nothing after can be verified', '10 entries were signed, but only 7 stand in unbroken order: entries are gone'],
    ],
    [
      'a wider gap at the start',
      () => drop(fresh, 0, 2),
      ['entries 0 to 2 are missing: nothing after can be verified', '10 entries were signed, but only 0 stand in unbroken order: entries are gone'],
    ],
    [
      'a tail cut off',
      () => drop(fresh, 9, 11),
      ['the head names 12 entries, but there is none from 9 on', '10 entries were signed, but only 9 stand in unbroken order: entries are gone'],
    ],
    ['a tail cut off, head to match', () => cutTo(fresh, 9), ['10 entries were signed, but only 9 stand in unbroken order: entries are gone']],
    ['a checkpoint of another key', () => forge(fresh, 10), ['the checkpoint of size 10 does not carry the signature of gatehouse.test/log']],
    ['a checkpoint of another key beyond the end', () => forge(fresh, 99), ['the checkpoint of size 99 does not carry the signature of gatehouse.test/log']],
    ['a checkpoint of our key over another tree', () => forge(fresh, 10, fresh.key), [strayed(5, 10)]],
    [
      'a checkpoint kept under another size',
      () => fresh.sql('update journal_checkpoint set size = 6 where size = 5'),
      ['the checkpoint of size 6 does not carry the signature of gatehouse.test/log'],
    ],
    [
      'a bit in the text of a checkpoint',
      () => fresh.sql("update journal_checkpoint set note = regexp_replace(note, '^gatehouse', 'gatehousf') where size = 5"),
      ['the checkpoint of size 5 does not carry the signature of gatehouse.test/log'],
    ],
    [
      'a bit in the signature of a checkpoint',
      () =>
        fresh.sql(
          "update journal_checkpoint set note = overlay(note placing (case when substr(note, length(note) - 9, 1) = 'A' then 'B' else 'A' end) from length(note) - 9) where size = 10",
        ),
      ['the checkpoint of size 10 does not carry the signature of gatehouse.test/log'],
    ],
    [
      'a bit in the tree kept beside a checkpoint',
      () => fresh.sql('update journal_checkpoint set frontier = set_byte(frontier, 40, get_byte(frontier, 40) # 1) where size = 5'),
      ['the tree kept beside the checkpoint of size 5 is not the one that it signs'],
    ],
    [
      'every checkpoint signed anew by another key of the same name',
      () => Promise.all([forge(fresh, 5), forge(fresh, 10)]),
      [5, 10].map((size) => `the checkpoint of size ${size} does not carry the signature of gatehouse.test/log`),
    ],
    ['a head altered', () => flipHead(fresh), ["the head's hashes are not those of the 12 entries it names"]],
    [
      'an entry slipped in beyond the head',
      () => fresh.sql(`insert into journal_entry (index, leaf, body) select 12, leaf, body from journal_entry where index = 0`),
      ['entry 12 lies beyond the head, which names 12 entries'],
    ],
    [
      'an entry slipped in before the first',
      () => fresh.sql(`insert into journal_entry (index, leaf, body) select -1, leaf, body from journal_entry where index = 0`),
      ['entry -1 lies before the first'],
    ],
  ]
  it.each(CORPUS)('finds %s, and says what and where', async (_, tamper, faults) => {
    await twelve()
    expect((await verify()).ok).toBe(true)
    await tamper()
    expect(await verify()).toMatchObject({ ok: false, faults })
  })

  it('counts what is under no verified checkpoint as unsigned, and says where the tree strayed only once', async () => {
    await twelve()
    await rewrite(fresh, 2)
    expect(await verify()).toMatchObject({ checkpoints: 0, unsignedTail: 12, faults: [strayed(0, 5)] })
    await fresh.sql('delete from journal_checkpoint where size = 5')
    expect(await verify()).toMatchObject({ faults: [strayed(0, 10)] })
  })

  it("finds a journal cut back together with its checkpoints only by the signer's memory", async () => {
    await twelve()
    await cutTo(fresh, 5)
    await fresh.sql('delete from journal_checkpoint where size > 5')
    expect(await verify()).toMatchObject({ ok: true, size: 5 })
    expect(await verifyJournal({ store: fresh.store, vkey: fresh.key, remembered: await fresh.state.load() })).toMatchObject({
      ok: false,
      faults: ['10 entries were signed, but only 5 stand in unbroken order: entries are gone'],
    })
  })

  const UNCOVERED = 'no checkpoint covers any of the 12 entries: whoever keeps them may have written them'

  it('finds a rewritten journal whose checkpoints were deleted, by the key alone', async () => {
    await twelve()
    await rewrite(fresh, 2)
    await fresh.sql('delete from journal_checkpoint')
    expect(await verify()).toMatchObject({ ok: false, checkpoints: 0, unsignedTail: 12, faults: [UNCOVERED] })
    await fresh.sql('insert into journal_checkpoint (size, note) values (0, $1)', [signedCheckpoint(fresh.key, 0, rootOf(EMPTY_FRONTIER))])
    expect(await verify()).toMatchObject({ ok: false, faults: [UNCOVERED] })
    expect(await verifyJournal({ store: fresh.store, vkey: fresh.key, tail: 'stopped' })).toMatchObject({ ok: false, faults: [UNCOVERED] })
  })

  describe('entries after the newest checkpoint', () => {
    const AT = Date.UTC(2026, 8, 1)
    const at = (now: number | null, tail?: 'stopped') =>
      verifyLog({ source: storeSource(fresh.store), trust: trustKey(fresh.key), now, ...(tail && { tail }) }).then(({ report }) => report)
    const LATE =
      'entries 10 to 11 are under no checkpoint that holds, though entry 10 is of 2026-09-01T00:00:00.000Z: within 60 s it should have been, unless the house was stopped before'

    it.each([
      [0, []],
      [60_000, []],
      [60_001, [LATE]],
      [86_400_000, [LATE]],
      [-60_000, []],
      [-60_001, ['entries 10 to 11 are under no checkpoint that holds, and entry 10 claims to be of 2026-09-01T00:00:00.000Z, which is yet to come']],
    ])('are a fault once they are older than a minute, or yet to come: %d ms', async (later, faults) => {
      await twelve()
      expect(await at(AT + later)).toMatchObject({ ok: faults.length === 0, faults, unsignedTail: 2 })
    })

    it('are none where the house was stopped, as long as all are of its last minute', async () => {
      await twelve()
      expect(await at(AT + 86_400_000, 'stopped')).toMatchObject({ ok: true, unsignedTail: 2 })
      const later = openJournal({ store: fresh.store, clock: () => AT + 60_001, node: 'test' })
      await later.record(entry(1))
      await later.drain()
      expect(await at(AT + 86_400_000, 'stopped')).toMatchObject({ ok: false, faults: [LATE.replace('to 11', 'to 12')] })
    })

    it('hide no rewritten stretch whose checkpoints were deleted', async () => {
      await twelve()
      await rewrite(fresh, 7)
      await fresh.sql('delete from journal_checkpoint where size = 10')
      expect(await at(AT + 3_600_000)).toMatchObject({
        ok: false,
        unsignedTail: 7,
        faults: [expect.stringContaining('entries 5 to 11 are under no checkpoint')],
      })
    })
  })

  it("finds a rewritten journal without checkpoints by the signer's memory", async () => {
    await twelve()
    await rewrite(fresh, 2)
    await fresh.sql('delete from journal_checkpoint')
    expect(await verifyJournal({ store: fresh.store, vkey: fresh.key, remembered: await fresh.state.load() })).toMatchObject({
      ok: false,
      faults: ['the first 10 entries are not those that the signer remembers', UNCOVERED],
    })
  })

  it('finds a database rolled back, and one that was forked and signed by the log itself, by a checkpoint that somebody else kept', async () => {
    await twelve()
    const note = (await fresh.store.latestCheckpoint())?.note ?? ''
    const held = (): Promise<Report> =>
      verifyLog({ source: storeSource(fresh.store), trust: trustKey(fresh.key), against: [{ name: 'the mail of Monday', note }] }).then(({ report }) => report)
    expect(await held()).toMatchObject({ ok: true })
    await rewrite(fresh, 7)
    const bodies = (await fresh.store.read(0, 10)).map(({ body }) => leafHash(body))
    await fresh.sql('update journal_checkpoint set frontier = null, note = $1 where size = 10', [
      signedCheckpoint(fresh.key, 10, rootOf(extend(EMPTY_FRONTIER, bodies))),
    ])
    expect(await verify()).toMatchObject({ ok: true })
    expect(await held()).toMatchObject({
      ok: false,
      faults: ['two trees of 10 entries were signed, one in the database, the other in the mail of Monday: the log was forked before entry 10'],
    })
    await cutTo(fresh, 5)
    await fresh.sql('delete from journal_checkpoint where size > 5')
    expect(await verify()).toMatchObject({ ok: true })
    expect(await held()).toMatchObject({
      ok: false,
      faults: ['the checkpoint in the mail of Monday names 10 entries, but only 5 stand in unbroken order: entries are gone'],
    })
  })

  it('keeps a hundred faults and counts the rest', async () => {
    await fresh.fill(150)
    await fresh.sign()
    await fresh.sql('update journal_entry set leaf = body')
    const { faults } = await verify()
    expect(faults.length).toBe(101)
    expect(faults.at(-1)).toBe('and 50 faults more')
  })
})
