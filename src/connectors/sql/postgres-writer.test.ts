import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { operationOf } from '../../../test/support/pack.ts'
import { type PgProxy, pgProxy } from '../../../test/support/pg-proxy.ts'
import { type SmallTms, smallTms } from '../../../test/support/small-tms.ts'
import type { Order, Written } from '../writer.ts'
import { openPool } from './pool.ts'
import { postgresWriter } from './postgres-writer.ts'

const { resource } = operationOf('proposeStatusChange')
const order = (over: Partial<Order> = {}): Order => ({
  resource,
  key: 'S-A1',
  account: 'A',
  before: { status: 'in_transit' },
  after: { status: 'held' },
  ...over,
})

describe('postgresWriter', () => {
  let tms: SmallTms
  let wire: PgProxy
  let pool: pg.Pool
  const poolTo = (url: string) => openPool({ url, max: 2, statementTimeoutMs: 400, name: 'test' })
  beforeAll(async () => {
    tms = await smallTms()
    wire = await pgProxy(tms.roleUrl('tms_write'))
    pool = poolTo(wire.url)
  })
  afterAll(async () => {
    await pool.end()
    await wire.close()
    await tms.close()
  })
  beforeEach(async () => void (await tms.sql("update tms.shipment set status = 'in_transit' where shipment_id = 'S-A1'")))

  /** How often the record was ever written: its version rises with each update. */
  const record = async (id = 'S-A1') => (await tms.sql('select status, version::int from tms.shipment where shipment_id = $1', [id]))[0]
  const write = (over: Partial<Order> = {}, to = pool): Promise<Written> => postgresWriter(to).write(order(over))

  /** Does the work and says whether it wrote, and how often. */
  async function writesBy(work: () => Promise<unknown>): Promise<number> {
    const before = Number((await record())?.['version'])
    await work()
    return Number((await record())?.['version']) - before
  }

  it('sets the fields of the one record, once', async () => {
    const others = await tms.sql("select shipment_id, version from tms.shipment where shipment_id <> 'S-A1' order by 1")
    expect(await writesBy(async () => expect(await write()).toEqual({ result: 'done' }))).toBe(1)
    expect(await record()).toMatchObject({ status: 'held' })
    expect(await tms.sql("select shipment_id, version from tms.shipment where shipment_id <> 'S-A1' order by 1")).toEqual(others)
  })

  it.each([
    ['a before-image that is stale', { before: { status: 'planned' } }, 'stale'],
    ['a before-image of another type', { before: { status: null } }, 'stale'],
    ['an account whose record it is not', { account: 'B' }, 'refused'],
    ['no account', { account: '' }, 'refused'],
    ['two accounts at once', { account: 'A,B' }, 'refused'],
    ['a record that is not there', { key: 'S-A99' }, 'refused'],
    ['a key with more to it', { key: "S-A1' or true --" }, 'refused'],
    ['a value the source forbids', { after: { status: 'blown up' } }, 'refused'],
    ['a value with more to it', { after: { status: "held', notes = 'x" } }, 'refused'],
    ['a field its role may not write', { after: { customerId: 'B' } }, 'refused'],
  ])('writes nothing for %s', async (_, over, result) => {
    const before = await tms.sql('select shipment_id, customer_id, status, version from tms.shipment order by 1')
    const written = await write(over)
    expect(written.result).toBe(result)
    expect(JSON.stringify(written)).not.toMatch(/constraint|permission|relation|check/)
    expect(await tms.sql('select shipment_id, customer_id, status, version from tms.shipment order by 1')).toEqual(before)
  })

  it('cannot write as the reading role', async () => {
    const reading = poolTo(tms.roleUrl('tms_read'))
    expect(await writesBy(async () => expect((await write({}, reading)).result).toBe('refused'))).toBe(0)
    await reading.end()
  })

  it('lets one of two orders at once win: the other finds its before-image stale', async () => {
    const writes = await writesBy(async () => {
      const both = await Promise.all([write(), write({ after: { status: 'delivered' } })])
      expect(both.map(({ result }) => result).toSorted()).toEqual(['done', 'stale'])
    })
    expect(writes).toBe(1)
  })

  it('writes nothing while another holds the record, and does not wait for ever', async () => {
    const holder = new pg.Client({ connectionString: tms.url })
    await holder.connect()
    await holder.query("begin; update tms.shipment set status = 'held' where shipment_id = 'S-A1'")
    expect((await write()).result).toBe('refused')
    await holder.query('rollback')
    await holder.end()
    expect(await record()).toMatchObject({ status: 'in_transit' })
  })

  it.each([
    ['the record was looked for', 'for update', 'before'],
    ['it was found', 'for update', 'after'],
    ['the change was sent', 'update "tms"', 'before'],
    ['the change was made and not committed', 'update "tms"', 'after'],
  ] as const)('has written nothing when the connection is cut as %s, and says so', async (_, word, when) => {
    const writes = await writesBy(async () => {
      wire.cutAt(word, when)
      expect((await write()).result).toBe('refused')
    })
    expect(writes).toBe(0)
  })

  it.each([
    ['before the source heard of it', 'before', 0],
    ['after the source had done it', 'after', 1],
  ] as const)('does not know when the connection is cut over the commit, %s, and never sends it again', async (_, when, count) => {
    const writes = await writesBy(async () => {
      wire.cutAt('commit', when)
      expect(await write()).toEqual({ result: 'unknown', why: 'the source did not say whether it committed' })
    })
    expect(writes).toBe(count)
    // The record itself tells.
    expect(await postgresWriter(pool).read(resource, 'S-A1', 'A', ['status'])).toEqual({ status: count === 1 ? 'held' : 'in_transit' })
  })

  it('cannot reach a source that is down: a write is refused, a reading throws', async () => {
    const lost = poolTo('postgresql://u:p@127.0.0.1:1/tms')
    expect((await write({}, lost)).result).toBe('refused')
    await expect(postgresWriter(lost).read(resource, 'S-A1', 'A', ['status'])).rejects.toThrow('ECONNREFUSED')
    await lost.end()
  })

  it("reads a record of the account, and neither another's nor one that is not there", async () => {
    const read = (key: string, account: string) => postgresWriter(pool).read(resource, key, account, ['status', 'customerId'])
    expect(await read('S-A1', 'A')).toEqual({ status: 'in_transit', customerId: 'A' })
    expect([await read('S-A1', 'B'), await read('S-B1', 'A'), await read('S-A99', 'A'), await read('S-A1', 'A,B'), await read('S-A1', '')]).toEqual([
      null,
      null,
      null,
      null,
      null,
    ])
  })

  it('leaves no account on a connection it gives back', async () => {
    const one = openPool({ url: tms.roleUrl('tms_write'), max: 1, statementTimeoutMs: 400, name: 'test' })
    await write({}, one)
    await write({ before: { status: 'nothing' } }, one)
    await postgresWriter(one).read(resource, 'S-A1', 'A', ['status'])
    expect((await one.query('select count(*)::int as seen from tms.shipment')).rows).toEqual([{ seen: 0 }])
    await one.end()
  })
})
