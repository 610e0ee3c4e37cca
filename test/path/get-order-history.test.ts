import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { answered, refused } from '../support/path.ts'
import { tokensOf } from '../support/stages.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

describe('getOrderHistory', () => {
  it('answers an order with what became of it, its value redacted', async () => {
    const { held, answer, entry } = await answered(here, 'getOrderHistory', { orderId: 'O-2' })
    expect(answer.rows).toEqual([
      {
        orderId: 'O-2',
        customerId: tokensOf(held.session.id).seal('acc', 'A'),
        orderedOn: '2026-08-02',
        requestedOn: '2026-09-10',
        item: 'pump seals',
        quantity: 100,
        shippedQuantity: 90,
        deliveredQuantity: 90,
        shipments: 1,
        value: '[redacted]',
        currency: 'EUR',
      },
    ])
    expect(answer.covered).toEqual({ customerId: 'token', value: 'redact' })
    expect(entry?.detail).toMatchObject({ asked: { orderId: 'O-2' }, rows: 1, prices: 0 })
  })

  it('shows the exception desk the value, and counts it', async () => {
    const { answer, entry } = await answered(here, 'getOrderHistory', { orderId: 'O-2' }, { useCase: 'exception-desk' })
    expect(answer.rows[0]).toMatchObject({ value: 77700.25 })
    expect(entry?.detail).toMatchObject({ prices: 1 })
  })

  it("shows of one order number only its own account's order", async () => {
    const orders = async (accounts: readonly string[]) => (await answered(here, 'getOrderHistory', { orderId: 'O-1' }, { accounts })).answer.rows
    expect([await orders(['A']), await orders(['B']), await orders(['A', 'B'])].map(({ length }) => length)).toEqual([1, 1, 2])
  })

  it("answers alike for another account's order and for none", async () => {
    const orders = async (orderId: string) => (await answered(here, 'getOrderHistory', { orderId }, { accounts: ['B'] })).answer
    expect([(await orders('O-2')).rows, (await orders('O-99')).rows]).toEqual([[], []])
  })

  it('pages by a cursor that shows neither order nor account', async () => {
    const held = await here.session({ accounts: ['A', 'B'] })
    const first = await answered(here, 'getOrderHistory', { orderedFrom: '2026-08-01', limit: 2 }, held)
    expect(first.answer.next).toMatch(/^nxt_[0-9a-z]+$/)
    const second = await answered(here, 'getOrderHistory', { orderedFrom: '2026-08-01', limit: 2, cursor: first.answer.next }, held)
    expect([...first.answer.rows, ...second.answer.rows]).toHaveLength(3)
    expect(await refused(here, 'getOrderHistory', { orderedFrom: '2026-08-01', cursor: 'O-1 A' }, held)).toMatchObject({ code: 'reference_meaningless' })
  })
})
