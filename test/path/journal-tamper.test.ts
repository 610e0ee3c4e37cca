import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Foreign } from '../../src/journal/checkpoint-judge.ts'
import { type Report, verifyLog } from '../../src/journal/verify.ts'
import { trustKey } from '../../src/journal/verify-trust.ts'
import { signedCheckpoint } from '../../src/log/checkpoint.ts'
import { EMPTY_FRONTIER, extend, type Frontier, rootOf } from '../../src/log/frontier.ts'
import { leafHash } from '../../src/log/leaf.ts'
import { signerKey } from '../../src/log/note-key.ts'
import { encodeBundle, hashTile } from '../../src/log/tile.ts'
import { type FreshJournal, freshJournal, ORIGIN } from '../support/journal.ts'
import { type Copy, KEEPERS, published } from '../support/log-copies.ts'
import { bundleAt, dropFromBundle, flipByte, type Kept, otherLetter, resign, reword, swapInBundle } from '../support/tamper.ts'

const SIZE = 600
const FIRST = 'tile/entries/000'
const LAST = 'tile/entries/002.p/88'

let fresh: FreshJournal
/** What the tiler published of 600 entries; and, for whoever rolls back, of the first 300. */
let whole: Kept
let early: Kept
let bodies: readonly Uint8Array[]

beforeAll(async () => {
  fresh = await freshJournal()
  await fresh.fill(300)
  await fresh.sign()
  early = await published(fresh.store, fresh.key)
  await fresh.fill(SIZE - 300)
  await fresh.sign()
  whole = await published(fresh.store, fresh.key)
  bodies = (await fresh.store.read(0, SIZE)).map(({ body }) => new Uint8Array(body))
}, 60_000)
afterAll(() => fresh.close())

const treeOf = (entries: readonly Uint8Array[]): Frontier => extend(EMPTY_FRONTIER, entries.map(leafHash))
const rootNow = (entries: readonly Uint8Array[] = bodies) => rootOf(treeOf(entries))

async function verify(copy: Copy, against: readonly Foreign[] = []): Promise<Report> {
  return (await verifyLog({ source: copy.source, trust: trustKey(fresh.key), against })).report
}

const STRAYED = 'entries 0 to 599 are not those that were signed: their root is not that of the checkpoint of size 600'
const unsigned = (size: number) => `the checkpoint of size ${size} does not carry the signature of ${ORIGIN}`
const notIts = (index: number, path: string) => `entry ${index} does not match its hash in \`${path}\`: the entry or the hash was altered`
const notTheirs = (first: number, last: number, path: string) => `the hash of entries ${first} to ${last} in \`${path}\` is not theirs`

type Row = readonly [what: string, tamper: (kept: Kept) => void, faults: readonly string[], against?: () => readonly Foreign[]]

/** What whoever keeps an archive may do to it, and the sentences that say what and where. */
const CORPUS: readonly Row[] = [
  [
    'a bit of an entry in a full bundle',
    (kept) => flipByte(kept, FIRST, 40),
    [notIts(0, 'tile/0/000'), notTheirs(0, 255, 'tile/1/000.p/2'), STRAYED, 'entry 0 is not one that this version could have written'],
  ],
  [
    'other words in an entry of a full bundle',
    (kept) => reword(kept, FIRST, 7, '"n":7', '"n":8'),
    [notIts(7, 'tile/0/000'), notTheirs(0, 255, 'tile/1/000.p/2'), STRAYED],
  ],
  ['other words in an entry of the partial bundle', (kept) => reword(kept, LAST, 3, '"n":', '"m":'), [notIts(515, 'tile/0/002.p/88'), STRAYED]],
  [
    'a bit of the length before an entry',
    (kept) => flipByte(kept, FIRST, 1),
    [
      '`tile/entries/000` is not a bundle of 256 entries: nothing from entry 0 on can be verified',
      '600 entries were signed, but only 0 stand in unbroken order: entries are gone',
    ],
  ],
  ['a bit of a hash in a full tile', (kept) => flipByte(kept, 'tile/0/001', 33), [notIts(257, 'tile/0/001')]],
  ['a bit of a hash in a partial tile', (kept) => flipByte(kept, 'tile/0/002.p/88', -1), [notIts(599, 'tile/0/002.p/88')]],
  ['a bit of a hash in a tile above', (kept) => flipByte(kept, 'tile/1/000.p/2', 32), [notTheirs(256, 511, 'tile/1/000.p/2')]],
  [
    'two entries of a bundle swapped',
    (kept) => swapInBundle(kept, FIRST, 1, 2),
    [notIts(1, 'tile/0/000'), notIts(2, 'tile/0/000'), notTheirs(0, 255, 'tile/1/000.p/2'), STRAYED],
  ],
  [
    'an entry dropped from a bundle',
    (kept) => dropFromBundle(kept, LAST, 0, null),
    [
      '`tile/entries/002.p/88` is not a bundle of 88 entries: nothing from entry 512 on can be verified',
      '600 entries were signed, but only 512 stand in unbroken order: entries are gone',
    ],
  ],
  [
    'an entry dropped and another put at the end, hashes to match',
    (kept) => {
      dropFromBundle(kept, LAST, 86, bodies[599] ?? null)
      const tile = hashTile(bundleAt(kept, LAST).map(leafHash), 0)
      if (tile) kept.set('tile/0/002.p/88', tile)
    },
    [STRAYED],
  ],
  [
    'a bundle removed',
    (kept) => kept.delete('tile/entries/001'),
    [
      '`tile/entries/001` is missing: nothing from entry 256 on can be verified',
      '600 entries were signed, but only 256 stand in unbroken order: entries are gone',
    ],
  ],
  ['a tile removed', (kept) => kept.delete('tile/0/001'), ['`tile/0/001` is missing']],
  [
    'a tile cut short',
    (kept) => kept.set('tile/0/001', (kept.get('tile/0/001') ?? new Uint8Array()).slice(0, 8160)),
    ['`tile/0/001` holds 8160 bytes, not 8192'],
  ],
  [
    'a byte behind a bundle',
    (kept) => kept.set(FIRST, new Uint8Array([...(kept.get(FIRST) ?? []), 0])),
    [
      '`tile/entries/000` is not a bundle of 256 entries: nothing from entry 0 on can be verified',
      '600 entries were signed, but only 0 stand in unbroken order: entries are gone',
    ],
  ],
  [
    'a bit of the size in the checkpoint',
    (kept) => flipByte(kept, 'checkpoint', ORIGIN.length + 3),
    ['`tile/entries/002.p/89` is missing: nothing from entry 512 on can be verified', unsigned(601)],
  ],
  ['a bit of the root in the checkpoint', (kept) => flipByte(kept, 'checkpoint', ORIGIN.length + 8), [unsigned(SIZE)]],
  ['a letter of the signature', (kept) => otherLetter(kept, 'checkpoint', -20), [unsigned(SIZE)]],
  [
    'the blank line of the checkpoint',
    (kept) =>
      kept.set(
        'checkpoint',
        Buffer.from(
          Buffer.from(kept.get('checkpoint') ?? [])
            .toString()
            .replace('\n\n', '\n'),
        ),
      ),
    ['the checkpoint in the keeper is not a signed checkpoint'],
  ],
  ['no checkpoint', (kept) => kept.delete('checkpoint'), ['the keeper holds no checkpoint']],
  ['all of it signed anew by another key of the same name', (kept) => resign(kept, signerKey(ORIGIN, randomBytes(32)), SIZE, rootNow()), [unsigned(SIZE)]],
  [
    'an entry put at the end, the tree signed by another key',
    (kept) => {
      const longer = [...bodies, bodies[0] ?? new Uint8Array()]
      kept.set('tile/entries/002.p/89', encodeBundle(longer.slice(512)))
      kept.set('tile/0/002.p/89', hashTile(longer.map(leafHash), 2) ?? new Uint8Array())
      resign(kept, signerKey(ORIGIN, randomBytes(32)), SIZE + 1, rootNow(longer))
    },
    [unsigned(SIZE + 1)],
  ],
  [
    'all of it rolled back to an older state',
    (kept) => {
      kept.clear()
      for (const [path, bytes] of early) kept.set(path, bytes)
    },
    ['the checkpoint in the SIEM names 600 entries, but only 300 stand in unbroken order: entries are gone'],
    () => [{ name: 'the SIEM', note: signedCheckpoint(fresh.key, SIZE, rootNow()) }],
  ],
  [
    'a fork: other entries, signed by the log itself, hashes to match',
    (kept) => {
      reword(kept, LAST, 87, '"n":', '"m":')
      kept.set('tile/0/002.p/88', hashTile(bundleAt(kept, LAST).map(leafHash), 0) ?? new Uint8Array())
      resign(kept, fresh.key, SIZE, rootNow([...bodies.slice(0, 512), ...bundleAt(kept, LAST)]))
    },
    [`two trees of 600 entries were signed, one in the keeper, the other in the witness: the log was forked before entry 600`],
    () => [{ name: 'the witness', note: signedCheckpoint(fresh.key, SIZE, rootNow()) }],
  ],
]

const ROWS = CORPUS.map(([what, tamper, faults, against]) => ({ what, tamper, faults, against }))

describe.each(KEEPERS)('a log kept in $keeper', ({ keep }) => {
  /** The keeper's own name stands in its sentences. */
  const named = (copy: Copy, faults: readonly string[]) => faults.map((fault) => fault.replaceAll('the keeper', copy.source.name))

  it('verifies as published, tile by tile', async () => {
    const copy = await keep(new Map(whole))
    try {
      expect(await verify(copy)).toMatchObject({ ok: true, size: SIZE, checkpoints: 1, unsignedTail: 0, tiles: 4, faults: [], warnings: [] })
    } finally {
      await copy.close()
    }
  })

  it.each(ROWS)('shows $what, and says what and where', async ({ tamper, faults, against }) => {
    const kept = new Map(whole)
    tamper(kept)
    const copy = await keep(kept)
    try {
      const report = await verify(copy, against?.())
      expect({ ok: report.ok, faults: report.faults.toSorted() }).toEqual({ ok: false, faults: named(copy, faults).toSorted() })
    } finally {
      await copy.close()
    }
  })
})
