import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parcelsInTms } from '../../../test/support/parcels.ts'
import type { SmallTms } from '../../../test/support/small-tms.ts'
import { type Exchange, exchanges, type Read } from './exchange.ts'
import { inLine, Unreached } from './line.ts'
import { openPool } from './pool.ts'

const ACCOUNTS = ['L1', 'L2', 'L3']
const PARCEL = { name: 'parcel', text: 'select parcel_id, account, status from shop.parcel where parcel_id = $1' }
const parcelOf = (account: string, id: string): Read => ({ accounts: account, named: { ...PARCEL, values: [id] } })

/** The exchange, and how many reads each carried. */
function counted(): { readonly exchange: Exchange; readonly carried: number[] } {
  const [exchange, carried] = [exchanges(), [] as number[]]
  return { carried, exchange: (client, reads) => (carried.push(reads.length), exchange(client, reads)) }
}

describe('reads of one statement in line', () => {
  let tms: SmallTms
  let pool: pg.Pool
  beforeAll(async () => {
    tms = await parcelsInTms()
    pool = openPool({ url: tms.roleUrl('tms_read'), max: 4, statementTimeoutMs: 5000, name: 'test' })
    for (const account of ACCOUNTS) await tms.sql("insert into shop.parcel (parcel_id, account, status) values ($1, $1, 'held')", [account])
  })
  afterAll(async () => {
    await pool.end()
    await tms.close()
  })

  it('go together, and each sees what is of its own accounts and no other', async () => {
    const { exchange, carried } = counted()
    const read = inLine(pool, exchange)
    const wanted = Array.from({ length: 90 }, (_, n) => ({ asker: ACCOUNTS[n % 3] ?? '', of: ACCOUNTS[Math.floor(n / 3) % 3] ?? '' }))
    const found = await Promise.all(wanted.map(({ asker, of }) => read(parcelOf(asker, of))))
    expect(found).toEqual(wanted.map(({ asker, of }) => (asker === of ? [{ parcel_id: of, account: of, status: 'held' }] : [])))
    expect(found.flat()).toHaveLength(30)
    expect(carried.reduce((sum, one) => sum + one, 0)).toBe(90)
    expect(carried.length).toBeLessThan(10)
    expect(Math.max(...carried)).toBe(32)
  })

  it('fail each by itself: who goes with one that fails has its answer, and is told of nothing', async () => {
    const { exchange, carried } = counted()
    const read = inLine(pool, exchange)
    const divided = (by: number): Read => ({ accounts: 'L1', named: { name: 'divided', text: 'select 10 / $1::int as share', values: [by] } })
    const found = await Promise.allSettled([5, 2, 0, 1, 0, 10].map((by) => read(divided(by))))
    expect(found.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message))).toEqual([
      [{ share: 2 }],
      [{ share: 5 }],
      'division by zero',
      [{ share: 10 }],
      'division by zero',
      [{ share: 1 }],
    ])
    expect(Math.max(...carried)).toBeGreaterThan(1)
    // The connection that failed is gone, and the line goes on.
    expect(await read(divided(5))).toEqual([{ share: 2 }])
  })

  it('are not asked again one by one where nobody can be reached', async () => {
    let tried = 0
    const closed = { options: {}, connect: () => Promise.reject(new Error(`refused ${++tried}`)) } as unknown as pg.Pool
    const read = inLine(closed, exchanges())
    const found = await Promise.allSettled(Array.from({ length: 12 }, () => read(parcelOf('L1', 'L1'))))
    expect(found.every((one) => one.status === 'rejected' && one.reason instanceof Unreached)).toBe(true)
    expect(tried).toBeLessThan(4)
  })

  it('go alone for a while once one was slow, so that nobody waits for it', async () => {
    const { exchange, carried } = counted()
    const read = inLine(pool, exchange)
    const lasting = (seconds: number): Read => ({
      accounts: 'L1',
      named: { name: 'lasting', text: 'select $1::float8 as s from pg_sleep($1)', values: [seconds] },
    })
    await Promise.all([read(lasting(0.15)), read(lasting(0)), read(lasting(0)), read(lasting(0))])
    carried.length = 0
    await Promise.all(Array.from({ length: 6 }, () => read(lasting(0))))
    expect(carried).toEqual([1, 1, 1, 1, 1, 1])
  })

  it('are given up when no answer can come any more, with those behind', async () => {
    const released: unknown[] = []
    const deaf = { options: { statement_timeout: 1 }, connect: async () => ({ release: (broken?: boolean) => released.push(broken) }) } as unknown as pg.Pool
    const read = inLine(deaf, () => new Promise(() => undefined))
    const found = await Promise.allSettled(Array.from({ length: 1500 }, () => read(parcelOf('L1', 'L1'))))
    expect(found.every((one) => one.status === 'rejected' && one.reason instanceof Unreached)).toBe(true)
    // Both connections that did not answer are closed.
    expect(released).toEqual([true, true])
  })

  it('give nothing of an exchange in which one was confined to other accounts', async () => {
    const lying = {
      query: (query: { handleDataRow: (message: object) => void; handleCommandComplete: () => void; handleReadyForQuery: () => void }) => {
        for (const accounts of ['L1', 'L1']) {
          query.handleDataRow({ fields: [accounts, 'on'] })
          query.handleCommandComplete()
          query.handleDataRow({ fields: ['a row'] })
          query.handleCommandComplete()
        }
        query.handleReadyForQuery()
      },
      connection: {},
    } as unknown as pg.PoolClient
    await expect(exchanges()(lying, [parcelOf('L1', 'L1'), parcelOf('L2', 'L2')])).rejects.toThrow('did not confine the read')
    await expect(exchanges()(lying, [parcelOf('L1', 'L1'), parcelOf('L1', 'L2')])).resolves.toHaveLength(2)
  })
})
