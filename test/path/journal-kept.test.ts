import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { proveEntry } from '../../src/journal/source-proof.ts'
import { searchSource } from '../../src/journal/source-search.ts'
import { type TileArchive, tileSource } from '../../src/journal/source-tiles.ts'
import { type LogVerification, verifyLog } from '../../src/journal/verify.ts'
import { trustKey } from '../../src/journal/verify-trust.ts'
import { signedCheckpoint } from '../../src/log/checkpoint.ts'
import { EMPTY_FRONTIER, extend, type Frontier, rootOf } from '../../src/log/frontier.ts'
import { leafHash } from '../../src/log/leaf.ts'
import { formatVkey } from '../../src/log/note-key.ts'
import { parsePolicy } from '../../src/log/policy.ts'
import { verifyTlogProof } from '../../src/log/tlog-proof.ts'
import { Fault } from '../../src/model/fault.ts'
import { type FreshJournal, freshJournal, ORIGIN } from '../support/journal.ts'
import { KEPT_BUCKET, type KeptCopy, keptCopy } from '../support/kept-copy.ts'
import { flipByte } from '../support/tamper.ts'

/** As text they come in another order. */
const SIZES = [300, 700, 1030]

let fresh: FreshJournal
let copy: KeptCopy
let leaves: readonly Uint8Array[]
/** What lies in the bucket, to be bent at will. */
let objects: ReadonlyMap<string, Uint8Array>
beforeAll(async () => {
  fresh = await freshJournal()
  copy = await keptCopy()
  for (const size of SIZES) {
    await fresh.fill(size - (await fresh.store.head()).size)
    await fresh.sign()
    await copy.fill(fresh.store, fresh.key)
  }
  leaves = (await fresh.store.read(0, 1030)).map(({ leaf }) => leaf)
  objects = inBucket()
}, 60_000)
afterAll(async () => {
  await copy.close()
  await fresh.close()
})

function inBucket(): ReadonlyMap<string, Uint8Array> {
  const bucket = copy.fake.bucket(KEPT_BUCKET)
  return new Map(bucket.keys().map((key) => [key.replace('log/', ''), bucket.versionsOf(key)[0]?.bytes ?? new Uint8Array()]))
}

const ofMap = (kept: ReadonlyMap<string, Uint8Array>): TileArchive => ({
  name: 'the copy',
  get: (path) => Promise.resolve(kept.get(path) ?? null),
  list: (prefix, after) => Promise.resolve([...kept.keys()].filter((path) => path.startsWith(prefix) && path > after).toSorted()),
})
const trusting = () => trustKey(fresh.key)
const sourceOf = (archive: TileArchive) =>
  tileSource(archive, (note) => {
    const opened = trusting().open(note)
    return opened.ok ? opened.value.checkpoint.size : null
  })
const verify = async (archive: TileArchive, more: Partial<LogVerification> = {}) =>
  verifyLog({ source: sourceOf(archive), trust: trusting(), now: Date.UTC(2027, 0, 1), ...more })
const treeOf = (size: number): Frontier => extend(EMPTY_FRONTIER, leaves.slice(0, size))
const bent = (bend: (kept: Map<string, Uint8Array>) => void): TileArchive => {
  const kept = new Map([...objects].map(([path, bytes]) => [path, new Uint8Array(bytes)]))
  bend(kept)
  return ofMap(kept)
}

describe('a copy under lock', () => {
  it('verifies as far as its full bundles go, by the largest of its checkpoints, and says how many entries it lacks', async () => {
    const { report, vouched } = await verify(copy.archive)
    expect(report).toMatchObject({ ok: true, size: 1024, lacking: 6, checkpoints: 3, unsignedTail: 0, faults: [], warnings: [] })
    expect(vouched.size).toBe(1024)
    expect((await verify(ofMap(objects))).report).toMatchObject({ ok: true, size: 1024, lacking: 6 })
  })

  it('verifies the same once somebody wrote over its objects, hid them, and put an older checkpoint where an archive has its newest', async () => {
    const own = await keptCopy()
    try {
      await own.fill(fresh.store, fresh.key)
      const { keys, put, hide, versionsOf } = own.fake.bucket(KEPT_BUCKET)
      const paths = keys()
      expect(paths.length).toBe(2 * 4 + 3)
      for (const [i, key] of paths.entries())
        if (i % 2 === 0) hide(key)
        else put({ key, bytes: Buffer.from('nothing'), headers: {}, retention: null, hold: null })
      expect(paths.every((key) => versionsOf(key).length === 2)).toBe(true)
      expect((await verify(own.archive)).report).toMatchObject({ ok: true, size: 1024, lacking: 6, faults: [] })
    } finally {
      await own.close()
    }
    const rolledBack = bent((kept) => kept.set('checkpoint', kept.get('checkpoints/300') ?? new Uint8Array()))
    expect((await verify(rolledBack)).report).toMatchObject({ ok: true, size: 1024, lacking: 6 })
  })

  describe('whose checkpoints were all hidden, an old one put at `checkpoint`', () => {
    let own: KeptCopy
    beforeAll(async () => {
      own = await keptCopy()
      await own.fill(fresh.store, fresh.key)
      const { keys, put, hide } = own.fake.bucket(KEPT_BUCKET)
      for (const key of keys()) if (key.startsWith('log/checkpoints/')) hide(key)
      put({ key: 'log/checkpoint', bytes: Buffer.from(signedCheckpoint(fresh.key, 256, rootOf(treeOf(256)))), headers: {}, retention: null, hold: null })
    }, 60_000)
    afterAll(() => own.close())

    it('verifies as far as before', async () => {
      expect((await verify(own.archive)).report).toMatchObject({ ok: true, size: 1024, lacking: 6, faults: [], warnings: [] })
      expect((await sourceOf(own.archive).claim()).newest?.size).toBe(1030)
    })

    it('is not taken for whole without a word where its versions cannot be listed, held against another copy either', async () => {
      const denied = () => Promise.reject(new Fault('data_unreachable', 'it answered AccessDenied (403)', 'give these credentials the permission'))
      const blind = { ...own.archive, kept: { ...(own.archive.kept ?? own.archive), list: denied } }
      const doubt =
        'the versions in the bucket cannot be listed (it answered AccessDenied (403)): a copy under lock that was cut back behind delete markers would look like this'
      expect((await verify(blind)).report).toMatchObject({ size: 256, lacking: null, warnings: [doubt] })
      const { newest, ...claim } = await sourceOf(blind).claim()
      expect(claim.doubt).toBe(doubt)
      const against = [{ name: 'the bucket', note: newest?.note ?? '', doubt }]
      expect((await verify(ofMap(objects), { against })).report).toMatchObject({ ok: true, warnings: [doubt] })
      await expect(verify({ ...copy.archive, kept: blind.kept })).rejects.toThrow('it answered AccessDenied (403)')
    })
  })

  it('passes over what is no checkpoint of the log, and tells of it', async () => {
    const { report } = await verify(
      bent((kept) => {
        kept.set('checkpoints/5000', kept.get('checkpoints/1030') ?? new Uint8Array())
        kept.set('checkpoints/09', new Uint8Array())
      }),
    )
    expect(report).toMatchObject({ ok: false, size: 1024, lacking: 6, checkpoints: 3 })
    expect(report.faults.toSorted()).toEqual([
      '`checkpoints/09` is named as no checkpoint is',
      '`checkpoints/5000` is not a checkpoint of that size that is believed',
    ])
  })

  it('has nothing to verify before its first bundle is full, and says so', async () => {
    const small = bent((kept) => {
      kept.clear()
      kept.set('checkpoints/200', Buffer.from(signedCheckpoint(fresh.key, 200, rootOf(treeOf(200)))))
    })
    expect((await verify(small)).report.faults).toContain('the copy holds no full bundle yet, and none of the 200 entries of its newest checkpoint')
  })

  const TAMPERED: readonly (readonly [string, (kept: Map<string, Uint8Array>) => void, string])[] = [
    ['a byte of an entry', (kept) => flipByte(kept, 'tile/entries/003', 9), 'entry 768 does not match its hash in `tile/0/003`'],
    ['a byte of a hash', (kept) => flipByte(kept, 'tile/0/002', 5), 'entry 512 does not match its hash in `tile/0/002`'],
    ['a bundle that is gone', (kept) => kept.delete('tile/entries/003'), '`tile/entries/003` is missing: nothing from entry 768 on can be verified'],
    ['a byte of the hashes after them', (kept) => flipByte(kept, 'tile/0/004.p/6', 40), 'their root is not that of the checkpoint of size 1030'],
    ['those hashes gone', (kept) => kept.delete('tile/0/004.p/6'), 'nothing ties the checkpoint of size 1030 to the 1024 entries before'],
    ['a byte of a partial tile above', (kept) => flipByte(kept, 'tile/1/000.p/4', 40), 'the hash of entries 256 to 511 in `tile/1/000.p/4` is not theirs'],
    ['a byte of an older checkpoint', (kept) => flipByte(kept, 'checkpoints/700', -20), `the checkpoint of size 700 does not carry the signature of ${ORIGIN}`],
  ]
  it.each(TAMPERED)('does not verify with %s', async (_, bend, says) => {
    expect((await verify(bent(bend))).report.faults.join('\n')).toContain(says)
  })

  it('does not verify with an entry that only its tile agrees with', async () => {
    const theirs = bent((kept) => {
      const [bundle, tile] = [Buffer.from(kept.get('tile/entries/003') ?? []), kept.get('tile/0/003')]
      bundle.write('GetShipment', bundle.indexOf('getShipment'))
      kept.set('tile/entries/003', new Uint8Array(bundle))
      tile?.set(leafHash(bundle.subarray(2, 2 + bundle.readUInt16BE(0))))
    })
    expect((await verify(theirs)).report.faults).toEqual([
      'entries 700 to 1029 are not those that were signed: their root is not that of the checkpoint of size 1030',
      'the hash of entries 768 to 1023 in `tile/1/000.p/4` is not theirs',
    ])
  })
})

describe('what was kept elsewhere, held against a copy under lock', () => {
  const against = (size: number, root = rootOf(treeOf(Math.min(size, 1030)))) => ({
    against: [{ name: 'the SIEM', note: signedCheckpoint(fresh.key, size, root) }],
  })
  it.each<[number, ...string[]]>([
    [1024],
    [1025],
    [1030],
    [1031, 'the checkpoint in the SIEM names 1031 entries, but only 1030 stand in unbroken order: entries are gone'],
  ])('of %d entries', async (size, ...faults) => {
    expect((await verify(ofMap(objects), against(size))).report).toMatchObject({ ok: faults.length === 0, faults, warnings: [] })
  })

  it('shows a fork within its entries, and at its newest checkpoint', async () => {
    const other = new Uint8Array(32)
    expect((await verify(ofMap(objects), against(400, other))).report.faults).toEqual([
      'the checkpoint of size 400 in the SIEM is signed over another tree than these entries: the log was forked or rewritten before entry 400',
    ])
    expect((await verify(ofMap(objects), against(1030, other))).report.faults).toEqual([
      'two trees of 1030 entries were signed, one in the copy, the other in the SIEM: the log was forked before entry 1030',
    ])
  })

  it("is the signer's memory too, which may be ahead of it", async () => {
    const remembered = (tree: Frontier, lagMax = 5) => verify(ofMap(objects), { remembered: tree, lagMax }).then(({ report }) => report)
    const ahead = (count: number) =>
      extend(
        treeOf(1030),
        Array.from({ length: count }, () => new Uint8Array(32)),
      )
    expect(await remembered(treeOf(1030))).toMatchObject({ ok: true, warnings: [] })
    expect(await remembered(ahead(5))).toMatchObject({
      ok: true,
      warnings: ['the signer remembers 1035 entries, the copy has 1030: it lags behind, and what it lacks was not verified'],
    })
    expect(await remembered(ahead(6))).toMatchObject({
      ok: false,
      faults: ['1036 entries were signed, but only 1030 stand in unbroken order: entries are gone'],
    })
    const other = { ...treeOf(1030), roots: treeOf(1030).roots.map(() => new Uint8Array(32)) }
    expect((await remembered(other)).faults).toEqual(['the first 1030 entries are not those that the signer remembers'])
  })
})

describe('a copy under lock, read otherwise', () => {
  it('is verified on from an earlier time, older checkpoints held against it by its tiles', async () => {
    const more = { from: treeOf(512), against: [{ name: 'the SIEM', note: signedCheckpoint(fresh.key, 300, rootOf(treeOf(300))) }] }
    expect((await verify(copy.archive, more)).report).toMatchObject({ ok: true, from: 512, size: 1024, lacking: 6, faults: [] })
  })

  it.each([0, 299, 700, 1023])('gives the receipt of entry %d', async (index) => {
    const proved = await proveEntry({ source: sourceOf(copy.archive), trust: trusting() }, index)
    const policy = parsePolicy(`log ${formatVkey(fresh.key)}\nquorum none\n`)
    if (!proved.ok || !policy.ok) throw new Error('there is none')
    expect(proved.value.size).toBe(1030)
    expect(verifyTlogProof({ text: proved.value.text, leaf: leafHash(proved.value.body), policy: policy.value })).toMatchObject({ ok: true, value: { index } })
    expect(toHex(leafHash(proved.value.body))).toBe(toHex(leaves[index] ?? new Uint8Array()))
  })

  it('has no receipt of an entry that is not in it', async () => {
    const refused = await proveEntry({ source: sourceOf(copy.archive), trust: trusting() }, 1024)
    expect(refused).toEqual({ ok: false, refusal: 'the bucket has no entry 1024: it has 1024' })
  })

  it('is searched as any copy is', async () => {
    const found: number[] = []
    for await (const one of searchSource({ source: sourceOf(copy.archive), filter: { session: 'ses-299' }, find: null })) found.push(one.index)
    expect(found).toEqual([299, 599, 999])
  })
})
