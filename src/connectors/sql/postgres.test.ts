import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { operationOf } from '../../../test/support/pack.ts'
import { parcelsInTms } from '../../../test/support/parcels.ts'
import { type PgProxy, pgProxy } from '../../../test/support/pg-proxy.ts'
import type { SmallTms } from '../../../test/support/small-tms.ts'
import { must } from '../../../test/support/stages.ts'
import { connectorContract, PARCEL } from '../connector.contract.ts'
import type { Query } from '../connector.ts'
import { openPool } from './pool.ts'
import { postgresConnector } from './postgres.ts'

const poolTo = (url: string, over: Partial<Parameters<typeof openPool>[0]> = {}): pg.Pool =>
  openPool({ url, max: 2, statementTimeoutMs: 400, name: 'test', ...over })

connectorContract('PostgreSQL', async () => {
  const tms = await parcelsInTms()
  const pool = poolTo(tms.roleUrl('tms_read'), { max: 4, statementTimeoutMs: 5000 })
  return {
    connector: postgresConnector(pool),
    close: async () => {
      await pool.end()
      await tms.close()
    },
  }
})

describe('a PostgreSQL source', () => {
  let tms: SmallTms
  let wire: PgProxy
  let pool: pg.Pool
  beforeAll(async () => {
    tms = await parcelsInTms()
    wire = await pgProxy(tms.roleUrl('tms_read'))
    pool = poolTo(wire.url)
  })
  afterAll(async () => {
    await pool.end()
    await wire.close()
    await tms.close()
  })
  afterEach(async () => {
    // Whatever a test did to it, the next ask is answered.
    must(await postgresConnector(pool).read(all))
  })

  const shipment = operationOf('getShipmentSummary').resource
  const all: Query = { resource: shipment, fields: ['shipmentId', 'customerId'], rows: { op: 'and', all: [] }, accounts: ['A'], limit: 100 }
  const codeOf = async (over: Partial<Query> = {}, from = pool) => {
    const read = await postgresConnector(from).read({ ...all, ...over })
    return read.ok ? 'ok' : read.refusal.code
  }

  it('is confined by its database alone: with our filter removed, A sees only what is of A, in every view', async () => {
    for (const name of ['getShipmentSummary', 'listShipmentEvents', 'getOrderHistory', 'listExceptions', 'manifestTable', 'proposeStatusChange']) {
      const { resource } = operationOf(name)
      const read = (accounts: readonly string[]) => postgresConnector(pool).read({ ...all, resource, fields: [resource.key, 'customerId'], accounts })
      const [a, b, both, none] = [await read(['A']), await read(['B']), await read(['A', 'B']), await read([])]
      if (!a.ok || !b.ok || !both.ok) throw new Error(name)
      expect(new Set(a.value.map(({ customerId }) => customerId))).toEqual(new Set(['A']))
      expect(new Set(b.value.map(({ customerId }) => customerId))).toEqual(new Set(['B']))
      expect(both.value).toHaveLength(a.value.length + b.value.length)
      expect(none).toEqual({ ok: true, value: [] })
    }
  })

  it('asks for lists one by one, and for records that are asked for at once together', async () => {
    const one = poolTo(tms.roleUrl('tms_read'))
    let taken = 0
    one.on('acquire', () => taken++)
    const connector = postgresConnector(one)
    const many = (over: Partial<Query>) => Promise.all(Array.from({ length: 20 }, async () => must(await connector.read({ ...all, ...over }))))
    try {
      await many({})
      expect(taken).toBe(20)
      taken = 0
      await many({ rows: { op: 'and', all: [{ op: 'eq', field: shipment.key, value: 'nobody' }] } })
      expect(taken).toBeLessThan(6)
    } finally {
      await one.end()
    }
  })

  it('leaves nothing of one ask to the next on its connection', async () => {
    const one = poolTo(tms.roleUrl('tms_read'), { max: 1 })
    try {
      expect(await codeOf({ accounts: ['A', 'B'] }, one)).toBe('ok')
      expect((await one.query("select current_setting('gatehouse.accounts', true) as accounts, count(*)::int as seen from tms.shipment")).rows).toEqual([
        { accounts: '', seen: 0 },
      ])
      await expect(one.query("begin; update tms.shipment set status = 'held'")).rejects.toThrow('permission denied')
    } finally {
      await one.end()
    }
  })

  it('reads what a column may hold and a row may not as null: NaN, infinities, the moment that never comes', async () => {
    await tms.sql(
      "insert into shop.parcel (parcel_id, account, weight_kg, seen_at) values ('odd-1', 'ODD', 'NaN', 'infinity'), ('odd-2', 'ODD', 'Infinity', '-infinity'), ('odd-3', 'ODD', '1e3', '1890-01-01 00:00:00+00')",
    )
    const read = await postgresConnector(pool).read({ ...all, resource: PARCEL, fields: ['weightKg', 'seenAt'], accounts: ['ODD'] })
    expect(read).toEqual({
      ok: true,
      value: [
        { weightKg: null, seenAt: null },
        { weightKg: null, seenAt: null },
        { weightKg: 1000, seenAt: '1890-01-01T00:00:00.000Z' },
      ],
    })
  })

  it('says that it took too long, and stops the work', async () => {
    const holder = new pg.Client({ connectionString: tms.url })
    await holder.connect()
    try {
      await holder.query('begin; lock table tms.shipment in access exclusive mode')
      expect(await codeOf()).toBe('source_failed')
      expect(await postgresConnector(pool).read(all)).toMatchObject({ refusal: { detail: 'the system behind `tms` took too long' } })
      expect((await tms.sql("select count(*)::int as waiting from pg_stat_activity where usename = 'tms_read' and wait_event_type = 'Lock'"))[0]).toEqual({
        waiting: 0,
      })
    } finally {
      await holder.end()
    }
  })

  it("keeps the vendor's words to itself", async () => {
    await tms.sql(
      'create view tms.broken with (security_invoker = true) as select shipment_id, customer_id, 1 / (length(shipment_id) - length(shipment_id)) as quantity from tms.shipment',
    )
    await tms.sql('grant select on tms.broken to tms_read')
    const cases = [
      { resource: { ...shipment, relation: 'tms.nothing_here' } },
      { resource: { ...shipment, relation: 'tms.broken' }, fields: ['quantity'] },
      { rows: { op: 'eq', field: 'plannedOn', value: 'CANARY-value' } },
      { rows: { op: 'eq', field: 'shipmentId', value: 'CANARY\u0000' } },
      { rows: { op: 'eq', field: 'quantity', value: '9'.repeat(30) } },
    ] as const satisfies readonly Partial<Query>[]
    for (const over of cases) {
      const read = await postgresConnector(pool).read({ ...all, ...over })
      expect(read).toEqual({ ok: false, refusal: { code: 'source_failed', detail: 'the system behind `tms` could not answer' } })
    }
  })

  it('cannot be reached when nobody listens, or when the password is wrong', async () => {
    for (const url of ['postgresql://u:p@127.0.0.1:1/tms', tms.roleUrl('tms_read').replace(/:[^:@]+@/, ':wrong@')]) {
      const lost = poolTo(url)
      const read = await postgresConnector(lost).read(all)
      await lost.end()
      expect(read).toEqual({ ok: false, refusal: { code: 'source_unavailable', detail: 'the system behind `tms` cannot be reached' } })
      expect(JSON.stringify(read)).not.toContain('wrong')
    }
  })

  it('never uses a connection again that was cut under an ask', async () => {
    await codeOf()
    for (const [word, when] of [
      ['set_config', 'before'],
      ['set_config', 'after'],
    ] as const) {
      const before = wire.opened()
      const one = poolTo(wire.url, { max: 1 })
      wire.cutAt(word, when)
      expect(await codeOf({}, one)).toBe('source_unavailable')
      expect(one.totalCount).toBe(0)
      expect(await codeOf({}, one)).toBe('ok')
      expect(wire.opened()).toBe(before + 2)
      await one.end()
    }
  })

  it('never uses a connection again whose statement failed: its transaction may still be open', async () => {
    const one = poolTo(wire.url, { max: 1 })
    expect(await codeOf({ resource: { ...shipment, relation: 'tms.nothing_here' } }, one)).toBe('source_failed')
    expect(one.totalCount).toBe(0)
    await one.end()
  })

  it('outlives a server that closes every connection while idle', async () => {
    await codeOf()
    await tms.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tms_read' and datname = current_database()")
    // A connection that just died may still be handed out once.
    const first = await codeOf()
    expect(['ok', 'source_unavailable']).toContain(first)
    expect(await codeOf()).toBe('ok')
  })
})
