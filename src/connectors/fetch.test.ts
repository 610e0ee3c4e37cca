import { describe, expect, it } from 'vitest'
import { callerOf } from '../../test/support/caller.ts'
import { must, permitOf, reservedOf, sending } from '../../test/support/stages.ts'
import { refusal } from '../model/refusal.ts'
import { fetcher, recordIn } from './fetch.ts'

const mine = { shipmentId: 'S-1', customerId: 'A' }
const foreign = { shipmentId: 'S-1', customerId: 'B' }
const reserved = async (name = 'getShipmentSummary', input: Record<string, unknown> = { shipmentId: 'S-1' }) =>
  reservedOf(permitOf(await callerOf(), name, input))

describe('fetch', () => {
  it('asks the system of the operation, and that one alone, for what the permit says', async () => {
    const [tms, gatehouse] = [sending([mine]), sending([])]
    const ask = await reserved()
    await fetcher({ tms, gatehouse })(ask)
    const { fetch, rows, accounts } = ask.permit
    expect(tms.asked).toEqual([{ resource: ask.permit.ask.operation.resource, fields: fetch, rows, accounts, limit: 1 }])
    expect(gatehouse.asked).toEqual([])
    await expect(fetcher({ gatehouse })(ask)).rejects.toThrow('no connector for system tms')
  })

  it.each([
    ['nothing', []],
    ["another account's record", [foreign]],
    ['another record', [{ ...mine, shipmentId: 'S-2' }]],
    ['a record of no account', [{ shipmentId: 'S-1' }]],
    ['a record whose number is not one', [{ ...mine, shipmentId: ['S-1'] }]],
  ])('says in the same words that there is no such record, when the source sends %s', async (_, rows) => {
    expect(await fetcher({ tms: sending(rows) })(await reserved())).toEqual({
      ok: false,
      refusal: { code: 'not_found', detail: 'there is no such record among your accounts' },
    })
  })

  it('finds the one record among whatever else the source sends, in whatever order', async () => {
    for (const rows of [
      [mine, foreign],
      [foreign, mine],
      [foreign, { ...mine, shipmentId: 'S-2' }, mine],
    ])
      expect(recordIn(must(await fetcher({ tms: sending(rows) })(await reserved())))).toBe(mine)
  })

  it('takes an empty list for an answer', async () => {
    expect(must(await fetcher({ tms: sending([]) })(await reserved('findShipments', { status: 'held' }))).rows).toEqual([])
  })

  it('passes a refusal of the source on', async () => {
    const down = { read: async () => ({ ok: false as const, refusal: refusal('source_unavailable', 'down') }) }
    expect(await fetcher({ tms: down })(await reserved())).toMatchObject({ ok: false, refusal: { code: 'source_unavailable' } })
  })
})
