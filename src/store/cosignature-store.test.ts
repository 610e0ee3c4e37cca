import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { poolOf } from '../../test/support/journal.ts'
import { cosignatureStore, refusalTold, untoldRefusals } from './cosignature-store.ts'

let database: FreshDatabase
let [archive, gate, sign]: pg.Pool[] = []
const pools = () => ({ archive: archive as pg.Pool, gate: gate as pg.Pool, sign: sign as pg.Pool })
beforeAll(async () => {
  database = await freshDatabase()
  ;[archive, gate, sign] = [poolOf(database.roleUrl('archive')), poolOf(database.roleUrl('gate')), poolOf(database.roleUrl('sign'))]
  for (let size = 1; size <= 30; size++) await sign.query('insert into journal_checkpoint (size, note) values ($1, $2)', [size * 10, `note of ${size * 10}`])
})
afterAll(async () => {
  await Promise.all(Object.values(pools()).map((pool) => pool.end()))
  await database.close()
})

describe('cosignatureStore', () => {
  it('gives the newest checkpoints that have cosignatures, each with all of its own, to whoever may read them', async () => {
    const written = cosignatureStore(pools().archive)
    for (const size of [10, 20, 40, 300]) await written.keep({ size, witness: 'w1+aa', line: `one over ${size}` })
    for (const size of [20, 300]) await written.keep({ size, witness: 'w2+bb', line: `two over ${size}` })
    const read = cosignatureStore(pools().gate)
    expect((await read.newest(10)).map(({ size, cosignatures }) => `${size}: ${cosignatures.map(({ line }) => line).join(', ')}`)).toEqual([
      '300: one over 300, two over 300',
      '40: one over 40',
      '20: one over 20, two over 20',
      '10: one over 10',
    ])
    expect((await read.newest(2)).map(({ size }) => size)).toEqual([300, 40])
    expect(await read.newestOf('w2+bb')).toEqual({
      size: 300,
      note: 'note of 300',
      cosignatures: [{ size: 300, witness: 'w2+bb', line: 'two over 300' }],
    })
    expect(await read.newestOf('w3+cc')).toBeNull()
  })

  it('keeps the first cosignature of a witness for a size, and none for a checkpoint that is not there', async () => {
    const { keep, newestOf } = cosignatureStore(pools().archive)
    await keep({ size: 50, witness: 'w4+dd', line: 'first' })
    await keep({ size: 50, witness: 'w4+dd', line: 'second' })
    expect((await newestOf('w4+dd'))?.cosignatures).toEqual([{ size: 50, witness: 'w4+dd', line: 'first' }])
    await expect(keep({ size: 51, witness: 'w4+dd', line: 'x' })).rejects.toThrow(/foreign key/)
  })

  it('is written by the archive alone, and altered by nobody', async () => {
    for (const pool of [pools().gate, pools().sign])
      await expect(cosignatureStore(pool).keep({ size: 60, witness: 'w5+ee', line: 'x' })).rejects.toThrow(/permission denied/)
    for (const pool of Object.values(pools()))
      for (const text of [`update cosignature set line = ''`, 'delete from cosignature', 'delete from witness_refusal'])
        await expect(pool.query(text)).rejects.toThrow(/permission denied/)
    await expect(pools().archive.query(`insert into journal_entry (index, leaf, body) values (1, '', '')`)).rejects.toThrow(/permission denied/)
  })

  it('tells each refusal of a witness until an entry is noted for it', async () => {
    const { keepRefusal } = cosignatureStore(pools().archive)
    await keepRefusal({ size: 10, witness: 'w1+aa', said: 'no' })
    await keepRefusal({ size: 20, witness: 'w2+bb', said: 'never' })
    const untold = await untoldRefusals(pools().gate)
    expect(untold).toMatchObject([
      { size: 10, witness: 'w1+aa', said: 'no' },
      { size: 20, witness: 'w2+bb', said: 'never' },
    ])
    await refusalTold(pools().gate, untold[0]?.id ?? 0, 7)
    expect(await untoldRefusals(pools().gate)).toMatchObject([{ said: 'never' }])
  })
})
