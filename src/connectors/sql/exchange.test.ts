import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parcelsInTms } from '../../../test/support/parcels.ts'
import type { SmallTms } from '../../../test/support/small-tms.ts'
import { type Exchange, exchanges, type Named } from './exchange.ts'
import { openPool } from './pool.ts'

/** One read alone. */
const readOne = async (exchange: Exchange, client: pg.PoolClient, accounts: string, named: Named) => (await exchange(client, [{ accounts, named }]))[0]

describe('an exchange', () => {
  let tms: SmallTms
  let pool: pg.Pool
  let client: pg.PoolClient
  beforeAll(async () => {
    tms = await parcelsInTms()
    pool = openPool({ url: tms.roleUrl('tms_write'), max: 1, statementTimeoutMs: 5000, name: 'test' })
    client = await pool.connect()
  })
  afterAll(async () => {
    client.release()
    await pool.end()
    await tms.close()
  })

  it('carries any text, alone and in a list, and gives it back', async () => {
    const exchange = exchanges()
    const texts = fc
      .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '{}', '"', '\\', 'a,b', 'NULL', '\\"', "'; select 1 --"))
      .map((one) => one.toWellFormed().replaceAll('\u0000', ''))
    await fc.assert(
      fc.asyncProperty(texts, fc.array(texts), async (text, list) => {
        const named = {
          name: 'echo',
          text: 'select $1::text as one, $2::text[]::text as list, cardinality($2::text[]) as size, coalesce($2::text[] = (select array_agg(x) from unnest($2::text[]) x), true) as whole',
          values: [text, list],
        }
        expect(await readOne(exchange, client, '', named)).toMatchObject([{ one: text, size: list.length, whole: true }])
        const items = { name: 'items', text: 'select x as item from unnest($1::text[]) with ordinality as t (x, n) order by n', values: [list] }
        expect((await readOne(exchange, client, '', items))?.map(({ item }) => item)).toEqual(list)
      }),
      { numRuns: 200 },
    )
  })

  it('shows a statement its accounts, and the next one nothing of them', async () => {
    const exchange = exchanges()
    const named = {
      name: 'seen',
      text: "select current_setting('gatehouse.accounts', true) as accounts, current_setting('transaction_read_only') as held",
      values: [],
    }
    expect(await readOne(exchange, client, 'A,B', named)).toEqual([{ accounts: 'A,B', held: 'on' }])
    expect(await readOne(exchange, client, 'C', named)).toEqual([{ accounts: 'C', held: 'on' }])
    expect((await client.query(named.text)).rows).toEqual([{ accounts: '', held: 'off' }])
  })

  it('writes nothing, whatever the role may', async () => {
    const writing = openPool({ url: tms.roleUrl('tms_write'), max: 1, statementTimeoutMs: 5000, name: 'test' })
    const writer = await writing.connect()
    const named = { name: 'write', text: "update tms.shipment set status = 'held' returning shipment_id", values: [] }
    await expect(readOne(exchanges(), writer, 'A', named)).rejects.toThrow('cannot execute UPDATE in a read-only transaction')
    writer.release(true)
    await writing.end()
    expect(await tms.sql("select shipment_id from tms.shipment where status = 'held'")).toEqual([])
  })

  it('asks for the columns once on a connection, and by whoever asks there', async () => {
    const named = { name: 'columns', text: 'select 1::int8 as n, null::date as d', values: [] }
    const exchange = exchanges()
    for (const ask of [exchange, exchange, exchanges()]) expect(await readOne(ask, client, '', named)).toEqual([{ n: 1, d: null }])
  })

  it('takes no value whose spelling it does not know', async () => {
    await expect(readOne(exchanges(), client, '', { name: 'odd', text: 'select $1::text as x', values: [{ a: 1 }] })).rejects.toThrow('cannot be asked for')
  })

  it.each([
    ['of other accounts', ['B', 'on']],
    ['that could also be written', ['A', 'off']],
    ['of nobody said', []],
  ])('gives no rows %s', async (_title, confinement) => {
    const answering = {
      query: (query: { handleDataRow: (message: object) => void; handleCommandComplete: () => void; handleReadyForQuery: () => void }) => {
        if (confinement.length > 0) query.handleDataRow({ fields: confinement })
        query.handleCommandComplete()
        query.handleDataRow({ fields: ['a row'] })
        query.handleReadyForQuery()
      },
      connection: {},
    } as unknown as pg.PoolClient
    await expect(readOne(exchanges(), answering, 'A', { name: 'any', text: 'select 1', values: [] })).rejects.toThrow('did not confine the read')
  })
})
