import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal, poolOf } from '../../test/support/journal.ts'
import { bulkFind, bulkRead } from './journal-bulk.ts'

let fresh: FreshJournal
let pool: ReturnType<typeof poolOf>
beforeAll(async () => {
  fresh = await freshJournal()
  pool = poolOf(fresh.roleUrl('sign'))
  await fresh.fill(40)
}, 30_000)
afterAll(async () => {
  await pool.end()
  await fresh.close()
})

describe('bulkRead', () => {
  it.each([
    [0, 10],
    [35, 10],
    [39, 1],
    [40, 10],
    [Number.MIN_SAFE_INTEGER, 1],
    [0, 1000],
  ])('reads from %d, at most %d, what `read` of the store does', async (from, limit) => {
    expect(await bulkRead({ pool })(from, limit)).toEqual(await fresh.store.read(from, limit))
  })

  it('keeps what it read when the driver has gone on', async () => {
    const read = bulkRead({ pool })
    const pages = await Promise.all([read(0, 20), read(20, 20), read(0, 40)])
    expect([...(pages[0] ?? []), ...(pages[1] ?? [])]).toEqual(pages[2])
  })

  it('rejects, and lets the next call through, when the database refuses', async () => {
    await fresh.sql('alter table journal_entry rename to gone')
    await expect(bulkRead({ pool })(0, 1)).rejects.toThrow('does not exist')
    await fresh.sql('alter table gone rename to journal_entry')
    expect((await bulkRead({ pool })(0, 1)).length).toBe(1)
  })
})

describe('bulkFind', () => {
  it('finds the entries whose bodies hold all texts, and takes no text for SQL', async () => {
    const find = bulkFind({ pool })
    const indices = async (...needles: readonly string[]) => (await find(0, 40, needles)).map(({ index }) => index)
    expect(await indices('"ses-7"')).toEqual([7])
    expect(await indices('"ses-7"', 'getShipmentSummary')).toEqual([7])
    expect(await indices('"ses-7"', '"ses-8"')).toEqual([])
    expect(await indices("'::bytea in body) > 0 or true --")).toEqual([])
    expect((await find(10, 12, ['getShipmentSummary'])).map(({ index }) => index)).toEqual([10, 11])
  })
})
