import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { answered, refused } from '../support/path.ts'
import { tokensOf } from '../support/stages.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

describe('listExceptions', () => {
  it('answers what is late, with the days', async () => {
    const { held, answer, entry } = await answered(here, 'listExceptions', { kind: 'late' })
    expect(answer.rows).toEqual([
      {
        exceptionId: 'S-A1:late',
        shipmentId: 'S-A1',
        customerId: tokensOf(held.session.id).seal('acc', 'A'),
        kind: 'late',
        status: 'in_transit',
        plannedOn: '2026-09-10',
        deliveredOn: null,
        daysLate: 11,
        orderedQuantity: 100,
        deliveredQuantity: 0,
      },
    ])
    expect(answer.covered).toEqual({ customerId: 'token' })
    expect(entry?.detail).toMatchObject({ asked: { kind: 'late' }, rows: 1 })
  })

  it('answers what came short of its order', async () => {
    const { answer } = await answered(here, 'listExceptions', { kind: 'short' })
    expect(answer.rows).toMatchObject([{ exceptionId: 'S-A2:short', orderedQuantity: 100, deliveredQuantity: 90 }])
  })

  it.each([
    ['more was delivered than ordered', 'quantity', 101, 100, { deliveredQuantity: 101 }],
    ['another item was delivered', 'item', 'gaskets', 'pump seals', { deliveredQuantity: 90 }],
    ['it was billed in another currency', 'currency', 'CHF', 'EUR', { deliveredQuantity: 90 }],
  ])('answers what is mismatched: %s, and not what agrees', async (_, column, wrong, right, told) => {
    const set = (value: unknown) => here.tms.sql(`update tms.shipment set ${column} = $1 where shipment_id = 'S-A2'`, [value])
    const mismatched = async () => (await answered(here, 'listExceptions', { kind: 'mismatched' })).answer.rows
    await set(wrong)
    expect(await mismatched()).toMatchObject([{ exceptionId: 'S-A2:mismatched', shipmentId: 'S-A2', kind: 'mismatched', orderedQuantity: 100, ...told }])
    await set(right)
    expect(await mismatched()).toEqual([])
    await here.tms.sql("update tms.shipment set quantity = 90 where shipment_id = 'S-A2'")
  })

  it("answers alike for another account's shipment and for none", async () => {
    const of = async (shipmentId: string) => (await answered(here, 'listExceptions', { shipmentId })).answer
    const [foreign, absent] = [await of('S-B1'), await of('S-A99')]
    expect([foreign.rows, foreign.entry.digest]).toEqual([[], absent.entry.digest])
    expect((await answered(here, 'listExceptions', { shipmentId: 'S-B1' }, { accounts: ['B'] })).answer.rows).toHaveLength(1)
  })

  it('knows three kinds, and lists nothing without a question', async () => {
    const held = await here.session({ accounts: ['A'] })
    expect((await answered(here, 'listExceptions', { kind: 'mismatched' }, held)).answer.rows).toEqual([])
    expect((await refused(here, 'listExceptions', { kind: 'lost' }, held)).code).toBe('invalid_input')
    expect((await refused(here, 'listExceptions', {}, held)).code).toBe('invalid_input')
  })
})
