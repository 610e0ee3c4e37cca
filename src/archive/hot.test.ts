import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { published } from '../../test/support/log-copies.ts'
import { smallObjects } from '../../test/support/small-objects.ts'
import { flipBody } from '../../test/support/tamper.ts'
import { openJournal } from '../journal/open.ts'
import { entriesPath } from '../log/tile.ts'
import { agedSize, heldAlike } from './hot.ts'
import { valueOf } from './objects.contract.ts'
import { readPublished } from './published.ts'
import { verifiedTiles } from './verified-tiles.ts'

let fresh: FreshJournal
beforeEach(async () => {
  fresh = await freshJournal()
})
afterEach(() => fresh.close())

const HOUR = 3_600_000

/** Ten entries an hour, from hour 0 on. */
async function hours(count: number): Promise<void> {
  for (let hour = 0; hour < count; hour++) {
    const journal = openJournal({ store: fresh.store, clock: () => hour * HOUR, node: 'test' })
    for (let n = 0; n < 10; n++) await journal.record({ kind: 'house.heartbeat', outcome: 'done' })
    await journal.drain()
  }
}

describe('how far entries are old enough', () => {
  it.each([
    ['nothing is', 0, 0],
    ['up to ten minutes before, for clocks that differ', 3 * HOUR + 600_000, 30],
    ['and then the next hour too', 3 * HOUR + 600_001, 40],
    ['all are', 100 * HOUR, 60],
  ])('%s', async (_, before, size) => {
    await hours(6)
    expect(await agedSize(fresh.store.read, 0, 60, before)).toBe(size)
    expect(await agedSize(fresh.store.read, 35, 60, before)).toBe(Math.max(35, size))
  })

  it('takes an entry that cannot be read for young', async () => {
    await hours(4)
    await fresh.sql(`update journal_entry set body = '{}' where index >= 20`)
    expect(await agedSize(fresh.store.read, 0, 40, 100 * HOUR)).toBe(20)
  })
})

describe('what may leave the table', () => {
  async function held(kept: Map<string, Uint8Array>) {
    const objects = smallObjects(kept)
    const found = valueOf(await readPublished(objects, fresh.key))
    if (!found) throw new Error('nothing is published')
    return heldAlike({ read: fresh.store.read, archive: verifiedTiles(objects, found) }, { from: 0, to: 512 })
  }

  it('lies in the archive byte for byte, under the signed root', async () => {
    await fresh.fill(600)
    await fresh.sign()
    const kept = await published(fresh.store, fresh.key)
    expect(await held(kept)).toEqual({ ok: true, value: null })
    await flipBody(fresh, 300)
    expect(await held(kept)).toMatchObject({ ok: false, refusal: { code: 'broken', detail: 'entry 300 in the table is not the one in the archive' } })
  })

  it('is not what the archive lost or altered', async () => {
    await fresh.fill(600)
    await fresh.sign()
    const kept = await published(fresh.store, fresh.key)
    const bundle = Buffer.from(kept.get(entriesPath(1, 256)) ?? [])
    kept.set(entriesPath(1, 256), Buffer.concat([bundle.subarray(0, 40), Buffer.from([bundle.readUInt8(40) ^ 1]), bundle.subarray(41)]))
    expect(await held(kept)).toMatchObject({ ok: false, refusal: { code: 'broken', detail: 'entry 256 in the archive is not the one that was signed' } })
    kept.delete(entriesPath(1, 256))
    expect(await held(kept)).toMatchObject({ ok: false, refusal: { code: 'broken', detail: 'the entries from 256 on are gone from the archive' } })
  })
})
