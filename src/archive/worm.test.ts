import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeS3, startFakeS3 } from '../../test/fakes/s3.ts'
import { type SmallObjects, smallObjects } from '../../test/support/small-objects.ts'
import { type SmallTable, smallTable } from '../../test/support/small-table.ts'
import { toHex, utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import { refuse } from '../base/outcome.ts'
import type { LockedObjects } from './locked.ts'
import { lockedBucket } from './locked-bucket.ts'
import { valueOf } from './objects.contract.ts'
import { openS3 } from './s3-client.ts'
import { openTiler } from './tiler.ts'
import { openWorm, type Payload, type Worm, type WormParts, type WormStanding } from './worm.ts'

const DAY_MS = 86_400_000
const RETENTION = { tilesDays: 400, checkpointsDays: 500, payloadsDays: { personal: 30 } }

let fake: FakeS3
let buckets = 0
beforeAll(async () => {
  fake = await startFakeS3()
})
afterAll(() => fake.close())

const freshBucket = (): string => {
  const name = `worm-${buckets++}`
  fake.makeBucket(name, { lock: true })
  return name
}

const lockedOf = (bucket: string): LockedObjects => {
  const settings = { bucket, prefix: '', region: fake.region, endpoint: fake.endpoint, pathStyle: true }
  return lockedBucket({ client: openS3(settings, fake.admin), settings })
}

const wormOf = (bucket: string, table: SmallTable, objects: SmallObjects, more: Partial<WormParts> = {}): Worm => {
  return openWorm({ objects, vkey: table.key, locked: lockedOf(bucket), retention: RETENTION, payloadsOf: () => Promise.resolve([]), clock: Date.now, ...more })
}

async function published(table: SmallTable, objects: SmallObjects): Promise<void> {
  const tiler = openTiler({ table, objects, vkey: table.key })
  while (valueOf(await tiler.advance()) !== null);
}

async function drain(worm: Worm): Promise<WormStanding> {
  for (;;) {
    const standing = valueOf(await worm.advance())
    if (standing.lagEntries < 256) return standing
  }
}

const versionsIn = (bucket: string) => {
  const { keys, versionsOf } = fake.bucket(bucket)
  return keys().flatMap((key) => versionsOf(key))
}

describe('the WORM upload', () => {
  it('has nothing to do before anything is published', async () => {
    const bucket = freshBucket()
    expect(valueOf(await wormOf(bucket, smallTable(), smallObjects()).advance())).toEqual({
      keptSize: 0,
      publishedSize: 0,
      lagEntries: 0,
      checkpointSize: null,
    })
    expect(versionsIn(bucket)).toEqual([])
  })

  it('locks full tiles, full bundles and the checkpoint with its partial tiles, each once, each kind for its own time, and says how far it is behind', async () => {
    const [bucket, table, objects] = [freshBucket(), smallTable().append(1000).sign(), smallObjects()]
    await published(table, objects)
    const before = Date.now()
    expect(await drain(wormOf(bucket, table, objects))).toEqual({ keptSize: 768, publishedSize: 1000, lagEntries: 232, checkpointSize: 1000 })
    const versions = versionsIn(bucket)
    const [tiles, bundles] = ['tile/0', 'tile/entries'].map((path) => [0, 1, 2].map((n) => `${path}/00${n}`))
    expect(versions.map(({ key }) => key)).toEqual(['checkpoints/1000', ...(tiles ?? []), 'tile/0/003.p/232', 'tile/1/000.p/3', ...(bundles ?? [])])
    for (const { key, bytes, retention } of versions) {
      expect(bytes).toEqual(Buffer.from(objects.store.get(key === 'checkpoints/1000' ? 'checkpoint' : key) ?? []))
      const days = /^checkpoints|\.p/.test(key) ? RETENTION.checkpointsDays : RETENTION.tilesDays
      expect(retention?.mode).toBe('COMPLIANCE')
      expect(Math.abs((retention?.untilMs ?? 0) - before - days * DAY_MS)).toBeLessThan(10_000)
    }
  })

  it('goes on as the log grows, and uploads nothing twice', async () => {
    const [bucket, table, objects] = [freshBucket(), smallTable(), smallObjects()]
    const worm = wormOf(bucket, table, objects)
    for (const count of [300, 300, 1, 700]) {
      table.append(count).sign()
      await published(table, objects)
      await drain(worm)
      await drain(worm)
    }
    const versions = versionsIn(bucket).map(({ key }) => key)
    expect(new Set(versions).size).toBe(versions.length)
    expect(versions.filter((key) => key.startsWith('checkpoints/'))).toEqual(['checkpoints/1301', 'checkpoints/300', 'checkpoints/600', 'checkpoints/601'])
  })

  it('locks the tile of the level above when its last bundle is kept', async () => {
    const [bucket, table, objects] = [freshBucket(), smallTable().append(65_536).sign(), smallObjects()]
    await published(table, objects)
    const retention = { mode: 'COMPLIANCE' as const, untilMs: Date.now() + RETENTION.tilesDays * DAY_MS }
    // All but the last bundle is kept already.
    for (const [key, bytes] of objects.store)
      if (/^tile\/(0|entries)\/\d{3}$/.test(key) && !key.endsWith('/255')) fake.bucket(bucket).put({ key, bytes, headers: {}, retention, hold: null })
    expect(await drain(wormOf(bucket, table, objects))).toMatchObject({ lagEntries: 0, checkpointSize: 65_536 })
    expect(fake.bucket(bucket).versionsOf('tile/1/000')[0]?.bytes).toEqual(Buffer.from(objects.store.get('tile/1/000') ?? []))
    expect(versionsIn(bucket).map(({ key }) => key)).toContain('tile/2/000.p/1')
    expect(versionsIn(bucket).length).toBe(256 + 256 + 1 + 1 + 1)
  })

  it('uploads a step at a time, and says how much is left', async () => {
    const [bucket, table, objects] = [
      freshBucket(),
      smallTable()
        .append(80 * 256)
        .sign(),
      smallObjects(),
    ]
    await published(table, objects)
    const worm = wormOf(bucket, table, objects)
    expect(valueOf(await worm.advance())).toEqual({ keptSize: 64 * 256, publishedSize: 80 * 256, lagEntries: 16 * 256, checkpointSize: null })
    expect(valueOf(await worm.advance())).toEqual({ keptSize: 80 * 256, publishedSize: 80 * 256, lagEntries: 0, checkpointSize: 80 * 256 })
  })

  it('finds out from the store alone where it stood, whatever put it was cut at, and ends with all of it', async () => {
    const [table, objects] = [smallTable().append(1100).sign(), smallObjects()]
    await published(table, objects)
    const cut = refuse({ code: 'failed' as const, detail: 'the test cut here', next: 'begin again' })
    for (const moment of ['before', 'after'] as const)
      for (let at = 0; at < 12; at++) {
        const bucket = freshBucket()
        const locked = lockedOf(bucket)
        let puts = 0
        const cutting: LockedObjects = {
          ...locked,
          put: async (...asked) => {
            const dead = puts++ >= at
            if (dead && moment === 'before') return cut
            const outcome = await locked.put(...asked)
            return dead ? cut : outcome
          },
        }
        expect((await wormOf(bucket, table, objects, { locked: cutting }).advance()).ok).toBe(at >= 11)
        expect(await drain(wormOf(bucket, table, objects))).toMatchObject({ keptSize: 1024, checkpointSize: 1100 })
        expect(new Set(versionsIn(bucket).map(({ key }) => key)).size).toBe(11)
      }
  })

  it('after a restart locks anew what somebody hid, replaced or let expire, and leaves the rest', async () => {
    const [bucket, table, objects] = [freshBucket(), smallTable().append(1024).sign(), smallObjects()]
    await published(table, objects)
    await drain(wormOf(bucket, table, objects))
    const { hide, put, versionsOf } = fake.bucket(bucket)
    hide('tile/0/000')
    put({ key: 'tile/entries/001', bytes: utf8('forged'), headers: {}, retention: null, hold: null })
    await drain(wormOf(bucket, table, objects))
    expect(versionsIn(bucket).filter(({ bytes, key }) => bytes !== null && key !== 'tile/entries/001').length).toBe(9)
    fake.aheadMs = (RETENTION.tilesDays + 1) * DAY_MS
    try {
      await drain(wormOf(bucket, table, objects, { clock: () => Date.now() + fake.aheadMs }))
    } finally {
      fake.aheadMs = 0
    }
    expect(versionsOf('tile/0/003').length).toBe(2)
    expect(versionsOf('checkpoints/1024').length).toBe(1)
  })
})

describe('what stands under lock now', () => {
  it('is asked of each bundle, and nothing that is not locked as it is to be, or no longer', async () => {
    const [bucket, table, objects] = [freshBucket(), smallTable().append(1100).sign(), smallObjects()]
    await published(table, objects)
    const worm = wormOf(bucket, table, objects)
    expect(valueOf(await worm.keptTo(0, 1024))).toBe(0)
    await drain(worm)
    const before = versionsIn(bucket).length
    expect(valueOf(await worm.keptTo(0, 1024))).toBe(1024)
    expect(valueOf(await worm.keptTo(256, 512))).toBe(512)
    expect(valueOf(await worm.keptTo(0, 5120))).toBe(1024)
    expect(valueOf(await wormOf(bucket, table, objects, { clock: () => Date.now() + 401 * DAY_MS }).keptTo(0, 1024))).toBe(0)
    expect(valueOf(await wormOf(bucket, table, objects, { retention: { ...RETENTION, tilesDays: 500 } }).keptTo(0, 1024))).toBe(0)
    expect(versionsIn(bucket)).toHaveLength(before)
  })
})

describe('what somebody with its credentials put there first', () => {
  const LONG = RETENTION.tilesDays * DAY_MS
  /** More than it takes at a step, of one kind; of the others a few. */
  const [MANY, FEW] = [70, 6]

  it.each<[string, number, { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly forMs: number } | null, (bytes: Buffer) => Buffer]>([
    ['the right bytes without a lock', MANY, null, (bytes) => bytes],
    ['the right bytes locked for a day', FEW, { mode: 'COMPLIANCE', forMs: DAY_MS }, (bytes) => bytes],
    ['the right bytes locked a day short', FEW, { mode: 'COMPLIANCE', forMs: LONG - DAY_MS }, (bytes) => bytes],
    ['the right bytes under GOVERNANCE', FEW, { mode: 'GOVERNANCE', forMs: LONG }, (bytes) => bytes],
    ['other bytes, locked in full', FEW, { mode: 'COMPLIANCE', forMs: LONG }, (bytes) => Buffer.concat([bytes, bytes])],
  ])('%s, does not count: all is locked anew, in full', async (_, bundles, lock, bytesOf) => {
    const table = smallTable()
      .append(bundles * 256)
      .sign()
    const [bucket, objects] = [freshBucket(), smallObjects()]
    await published(table, objects)
    const retention = lock && { mode: lock.mode, untilMs: Date.now() + lock.forMs }
    for (const [key, bytes] of objects.store)
      if (/^tile\/(0|entries)\/\d{3}$/.test(key)) fake.bucket(bucket).put({ key, bytes: bytesOf(Buffer.from(bytes)), headers: {}, retention, hold: null })
    expect(await drain(wormOf(bucket, table, objects))).toMatchObject({ keptSize: bundles * 256, lagEntries: 0 })
    const soon = Date.now() + LONG - 60_000
    for (const key of fake.bucket(bucket).keys()) {
      const good = fake
        .bucket(bucket)
        .versionsOf(key)
        .filter(
          ({ bytes, retention: kept }) =>
            kept?.mode === 'COMPLIANCE' && kept.untilMs > soon && Buffer.from(bytes ?? []).equals(objects.store.get(key) ?? Buffer.alloc(1)),
        )
      expect([key, good.length]).toEqual([key, key.startsWith('checkpoints/') ? 0 : 1])
    }
  })

  it('counts, where it is the right bytes and was locked in full, also long after', async () => {
    const [bucket, table, objects] = [freshBucket(), smallTable().append(1024).sign(), smallObjects()]
    await published(table, objects)
    await drain(wormOf(bucket, table, objects))
    const count = versionsIn(bucket).length
    fake.aheadMs = (RETENTION.tilesDays - 1) * DAY_MS
    try {
      await drain(wormOf(bucket, table, objects, { clock: () => Date.now() + fake.aheadMs }))
    } finally {
      fake.aheadMs = 0
    }
    expect(versionsIn(bucket).length).toBe(count)
  })
})

describe('payloads', () => {
  const payload = (text: string, kind = 'personal'): Payload => ({ digest: toHex(sha256(text)), class: kind, ciphertext: utf8(text) })

  it('go before the bundle that names them, under their class’s time, once', async () => {
    const [bucket, table, objects] = [freshBucket(), smallTable().append(600).sign(), smallObjects()]
    await published(table, objects)
    const asked: string[] = []
    const payloadsOf = (first: number, entries: readonly Uint8Array[]) => {
      asked.push(`${first} ${entries.length} ${Buffer.from(entries[0] ?? []).toString()}`)
      return Promise.resolve([payload('shared'), payload(`of ${first}`)])
    }
    await drain(wormOf(bucket, table, objects, { payloadsOf }))
    expect(asked.toSorted()).toEqual(['0 256 entry 0', '256 256 entry 256'])
    const kept = versionsIn(bucket).filter(({ key }) => key.startsWith('payloads/'))
    expect(new Set(kept.map(({ key }) => key))).toEqual(new Set(['shared', 'of 0', 'of 256'].map((text) => `payloads/${toHex(sha256(text))}`)))
    for (const { retention } of kept) expect(Math.round(((retention?.untilMs ?? 0) - Date.now()) / DAY_MS)).toBe(30)
  })

  it('that are not to be had keep their bundle from being locked without them', async () => {
    const [bucket, table, objects] = [freshBucket(), smallTable().append(256).sign(), smallObjects()]
    await published(table, objects)
    const payloadsOf = () => Promise.reject(new Error('the row is gone'))
    await expect(wormOf(bucket, table, objects, { payloadsOf }).advance()).rejects.toThrow('the row is gone')
    expect(versionsIn(bucket)).toEqual([])
  })

  it.each([
    [{ ...payload('one'), ciphertext: utf8('other') }, 'broken', 'is not of that digest'],
    [payload('one', 'recording'), 'rejected', 'no retention is set for payloads of class `recording`'],
  ])('%# are not locked when they do not fit, and neither is the bundle', async (bad, code, detail) => {
    const [bucket, table, objects] = [freshBucket(), smallTable().append(256).sign(), smallObjects()]
    await published(table, objects)
    const outcome = await wormOf(bucket, table, objects, { payloadsOf: () => Promise.resolve([bad]) }).advance()
    expect(outcome).toMatchObject({ ok: false, refusal: { code, detail: expect.stringContaining(detail) } })
    expect(versionsIn(bucket)).toEqual([])
  })
})

describe('is not fooled', () => {
  it.each<[string, (store: Map<string, Uint8Array>) => void, string]>([
    [
      'by a tile altered in the archive',
      (s) => s.set('tile/0/000', new Uint8Array(8192)),
      'tile 0 of level 0 in the archive is not the one under the checkpoint of size 600',
    ],
    [
      'by an entry altered in the archive',
      (s) =>
        s.set(
          'tile/entries/000',
          (s.get('tile/entries/000') ?? utf8('')).map((b, i) => (i === 8 ? b ^ 1 : b)),
        ),
      'entry 0 in the archive is not the one that was signed',
    ],
    ['by a bundle taken away', (s) => s.delete('tile/entries/001'), 'the entries from 256 on are gone from the archive'],
    [
      'by a checkpoint of another hand',
      (s) => s.set('checkpoint', utf8(smallTable().append(600).sign().signed[0]?.note ?? '')),
      "the archive's checkpoint does not carry the signature of gatehouse.test/log",
    ],
  ])('%s: it locks no garbage', async (_, tamper, sentence) => {
    const [bucket, table, objects] = [freshBucket(), smallTable().append(600).sign(), smallObjects()]
    await published(table, objects)
    const good = new Map(objects.store)
    tamper(objects.store)
    const outcome = await wormOf(bucket, table, objects).advance()
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'broken', detail: sentence } })
    for (const { key, bytes } of versionsIn(bucket)) expect(bytes).toEqual(Buffer.from(good.get(key) ?? []))
  })

  it.each([
    ['keeps no lock', { ignoresRetention: true }, 'the store did not lock what was uploaded at `tile/0/000`'],
    ['knows no lock', { knowsNoLock: true }, 'NotImplemented (501)'],
  ])('by a store that %s: nothing counts as kept', async (_, lies, detail) => {
    const [bucket, table, objects] = [freshBucket(), smallTable().append(300).sign(), smallObjects()]
    await published(table, objects)
    Object.assign(fake.lies, lies)
    try {
      expect(await wormOf(bucket, table, objects).advance()).toMatchObject({
        ok: false,
        refusal: { code: 'unsupported', detail: expect.stringContaining(detail) },
      })
    } finally {
      Object.assign(fake.lies, { ignoresRetention: false, knowsNoLock: false })
    }
  })
})
