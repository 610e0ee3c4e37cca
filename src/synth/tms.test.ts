import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshTms, freshTms } from '../../test/support/tms.ts'
import { seedPilot } from './seed.ts'
import type { TmsRole } from './tms.ts'

let tms: FreshTms
beforeAll(async () => {
  tms = await freshTms()
})
afterAll(() => tms.close())

/** One statement in a transaction with these accounts as its context, undone after; null: no context at all. */
async function as(role: TmsRole | 'superuser', accounts: string | null, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: role === 'superuser' ? tms.url : tms.roleUrl(role) })
  await client.connect()
  try {
    await client.query('begin')
    if (accounts !== null) await client.query(`select set_config('gatehouse.accounts', $1, true)`, [accounts])
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.query('rollback')
    await client.end()
  }
}

const VIEWS = ['shipment_summary', 'manifest_line', 'order_history', 'shipment_exception'] as const
const GUARDED = ['customer', 'orders', 'shipment', 'shipment_event', ...VIEWS] as const

describe('row-level security of the TMS', () => {
  it.each(GUARDED)('%s shows no row without a context, nor with an empty one, to any role', async (table) => {
    for (const role of ['tms_read', 'tms_write'] as const) {
      for (const accounts of [null, '', ',', 'C-9999', 'C-1001 ', '%', "' or true --"]) {
        expect(await as(role, accounts, `select count(*)::int as rows from tms.${table}`)).toEqual([{ rows: 0 }])
      }
    }
  })

  it.each(GUARDED)("%s shows an account its own rows, all of them, and never another's", async (table) => {
    const own = `select customer_id, count(*)::int as rows from tms.${table} group by 1 order by 1`
    const all = (await as('superuser', null, own)).filter(({ customer_id }) => customer_id === 'C-1001' || customer_id === 'C-1003')
    expect(all).toHaveLength(2)
    expect(await as('tms_read', 'C-1001,C-1003', own)).toEqual(all)
    expect(await as('tms_read', 'C-1001', `select count(*)::int as rows from tms.${table} where customer_id <> 'C-1001' or customer_id is null`)).toEqual([
      { rows: 0 },
    ])
  })

  it('answers for a foreign shipment as for an absent one', async () => {
    const [foreign] = await as('superuser', null, `select shipment_id from tms.shipment where customer_id = 'C-1002' limit 1`)
    for (const id of [String(foreign?.['shipment_id']), 'SHP-0'])
      expect(await as('tms_read', 'C-1001', `select * from tms.shipment_summary where shipment_id = '${id}'`)).toEqual([])
  })

  it('binds the owner too, and covers every table that has a customer', async () => {
    const found = await as(
      'superuser',
      null,
      `select relname as table, relrowsecurity and relforcerowsecurity as forced from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'customer_id'
       where relnamespace = 'tms'::regnamespace and relkind = 'r' order by 1`,
    )
    expect(found).toEqual(['customer', 'orders', 'shipment', 'shipment_event'].map((table) => ({ table, forced: true })))
    expect(
      await as(
        'superuser',
        null,
        `select rolname from pg_roles where rolname like 'tms\\_%' and (rolsuper or rolbypassrls or (rolname = 'tms_owner' and rolcanlogin))`,
      ),
    ).toEqual([])
  })

  it("lets every view look with its reader's eyes", async () => {
    const views = await as(
      'superuser',
      null,
      `select relname as view, reloptions::text as options from pg_class where relnamespace = 'tms'::regnamespace and relkind = 'v' order by 1`,
    )
    expect(views).toEqual([...VIEWS].sort().map((view) => ({ view, options: '{security_invoker=true}' })))
  })
})

describe('the write role', () => {
  const shipment = `(select shipment_id from tms.shipment where customer_id = 'C-1001' and status = 'in_transit' order by 1 limit 1)`

  it('moves a status, which raises the version by one, and tells it in an event', async () => {
    const [before] = await as('tms_write', 'C-1001', `select shipment_id, version from tms.shipment where shipment_id = ${shipment}`)
    const moved = await as(
      'tms_write',
      'C-1001',
      `update tms.shipment set status = 'held' where shipment_id = '${String(before?.['shipment_id'])}' returning status, version`,
    )
    expect(moved).toEqual([{ status: 'held', version: String(Number(before?.['version']) + 1) }])
    const told = `insert into tms.shipment_event (shipment_id, customer_id, at, code) values ('${String(before?.['shipment_id'])}', 'C-1001', now(), 'held') returning code`
    expect(await as('tms_write', 'C-1001', told)).toEqual([{ code: 'held' }])
  })

  it.each([
    ['change another column', `update tms.shipment set freight_cost = 0 where customer_id = 'C-1001'`, '42501'],
    ['give a shipment to another account', `update tms.shipment set customer_id = 'C-1002' where customer_id = 'C-1001'`, '42501'],
    ['set the version back', `update tms.shipment set status = 'held', version = 1 where customer_id = 'C-1001'`, '42501'],
    ['delete', `delete from tms.shipment where customer_id = 'C-1001'`, '42501'],
    ['add a shipment', `insert into tms.shipment (shipment_id, customer_id, status) values ('X', 'C-1001', 'planned')`, '42501'],
    ['change an event', `update tms.shipment_event set note = 'x'`, '42501'],
    ['touch a customer', `update tms.customer set phone = null`, '42501'],
    ['set a status that is none', `update tms.shipment set status = 'lost' where shipment_id = ${shipment}`, '23514'],
    [
      'tell an event of another account',
      `insert into tms.shipment_event (shipment_id, customer_id, at, code) values ('SHP-100001', 'C-1400', now(), 'held')`,
      '42501',
    ],
    [
      "tell a foreign shipment's event as its own",
      `insert into tms.shipment_event (shipment_id, customer_id, at, code) select 'SHP-100001', 'C-1001', now(), 'held'`,
      '23503',
    ],
  ])('may not %s', async (_title, sql, code) => {
    const look = `select md5(string_agg(s::text, '' order by shipment_id)) as shipments, (select count(*)::int from tms.shipment_event) as events from tms.shipment s`
    const before = await as('superuser', null, look)
    await expect(as('tms_write', 'C-1001', sql)).rejects.toMatchObject({ code })
    expect(await as('superuser', null, look)).toEqual(before)
  })

  it("does not reach another account's shipment", async () => {
    expect(await as('tms_write', 'C-1001', `update tms.shipment set status = 'held' where customer_id = 'C-1002' returning 1 as moved`)).toEqual([])
  })

  it('and the read role may write nothing at all', async () => {
    for (const sql of [`update tms.shipment set status = 'held'`, 'delete from tms.customer', 'create table tms.x ()', 'create table public.x ()']) {
      await expect(as('tms_read', 'C-1001', sql)).rejects.toMatchObject({ code: '42501' })
    }
  })
})

describe('seedPilot', () => {
  it('leaves a database that is loaded as it is', async () => {
    expect(await seedPilot({ owner: { connectionString: tms.url }, onProgress: () => undefined })).toEqual({ seeded: false })
    expect(await as('superuser', null, 'select count(*)::int as rows from tms.shipment')).toEqual([{ rows: 10_000 }])
  })

  it('gives every kind of exception and every status something to look at', async () => {
    const kinds = await as('superuser', null, 'select kind, count(*)::int as rows from tms.shipment_exception group by 1 order by 1')
    expect(kinds.map(({ kind }) => kind)).toEqual(['late', 'mismatched', 'short'])
    for (const { rows } of kinds) expect(rows).toBeGreaterThan(50)
    expect(await as('superuser', null, 'select count(distinct status)::int as statuses from tms.shipment')).toEqual([{ statuses: 8 }])
  })
})

describe('shipment_exception', () => {
  const make = (values: string): string => `
    insert into tms.customer (customer_id, name) values ('T', 'Test');
    insert into tms.orders (order_id, customer_id, item, quantity, currency) values ('O', 'T', 'pumps', 10, 'EUR');
    insert into tms.shipment (shipment_id, customer_id, order_id, status, planned_on, delivered_on, item, quantity, currency) values ${values};
    select string_agg(shipment_id || ' ' || kind || ' ' || days_late || ' ' || coalesce(delivered_quantity::text, ''), '; ' order by 1, kind) as found from tms.shipment_exception where customer_id = 'T'`

  // Judged by the day the generated data was taken, 30 June 2026.
  it.each([
    ['as ordered and on the day', `('A', 'T', 'O', 'delivered', '2026-06-01', '2026-06-01', 'pumps', 10, 'EUR')`, null],
    ['a day late', `('A', 'T', 'O', 'delivered', '2026-06-01', '2026-06-02', 'pumps', 10, 'EUR')`, 'A late 1 10'],
    ['open on the planned day', `('A', 'T', 'O', 'in_transit', '2026-06-30', null, 'pumps', 10, 'EUR')`, null],
    ['open a day after', `('A', 'T', 'O', 'in_transit', '2026-06-29', null, 'pumps', 10, 'EUR')`, 'A late 1 0'],
    ['cancelled, however old', `('A', 'T', 'O', 'cancelled', '2026-01-01', null, 'pumps', 10, 'EUR')`, null],
    ['one less', `('A', 'T', 'O', 'delivered', '2026-06-01', '2026-06-01', 'pumps', 9, 'EUR')`, 'A short 0 9'],
    ['one more', `('A', 'T', 'O', 'delivered', '2026-06-01', '2026-06-01', 'pumps', 11, 'EUR')`, 'A mismatched 0 11'],
    [
      'half of it, the rest under way',
      `('A', 'T', 'O', 'delivered', '2026-06-01', '2026-06-01', 'pumps', 5, 'EUR'), ('B', 'T', 'O', 'planned', '2026-07-01', null, 'pumps', 5, 'EUR')`,
      null,
    ],
    [
      'half of it, the rest returned',
      `('A', 'T', 'O', 'delivered', '2026-06-01', '2026-06-01', 'pumps', 5, 'EUR'), ('B', 'T', 'O', 'returned', '2026-06-01', null, 'pumps', 5, 'EUR')`,
      'A short 0 5',
    ],
    [
      'in two parts',
      `('A', 'T', 'O', 'delivered', '2026-06-01', '2026-06-01', 'pumps', 5, 'EUR'), ('B', 'T', 'O', 'delivered', '2026-06-02', '2026-06-02', 'pumps', 5, 'EUR')`,
      null,
    ],
    ['another item', `('A', 'T', 'O', 'delivered', '2026-06-01', '2026-06-01', 'seals', 10, 'EUR')`, 'A mismatched 0 10'],
    ['another currency', `('A', 'T', 'O', 'delivered', '2026-06-01', '2026-06-01', 'pumps', 10, 'USD')`, 'A mismatched 0 10'],
    ['quantity not known', `('A', 'T', 'O', 'delivered', '2026-06-01', '2026-06-01', 'pumps', null, 'EUR')`, null],
    ['no order', `('A', 'T', null, 'delivered', '2026-06-01', '2026-06-03', 'pumps', 3, 'EUR')`, 'A late 2 3'],
  ])('of a shipment %s', async (_title, values, found) => {
    const client = new pg.Client({ connectionString: tms.url })
    await client.connect()
    try {
      await client.query('begin')
      const results = (await client.query(make(values))) as unknown as readonly pg.QueryResult<{ found: string | null }>[]
      expect(results.at(-1)?.rows).toEqual([{ found }])
    } finally {
      await client.query('rollback')
      await client.end()
    }
  })
})
