import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { answered, refused } from '../support/path.ts'
import { tokensOf } from '../support/stages.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

describe('getShipmentSummary', () => {
  it('answers one shipment: open fields clear, people as tokens and hints, prices and notes redacted', async () => {
    const { held, answer, entry } = await answered(here, 'getShipmentSummary', { shipmentId: 'S-A2' })
    const { seal } = tokensOf(held.session.id)
    expect(answer.rows).toEqual([
      {
        shipmentId: 'S-A2',
        reference: 'ASN-A',
        customerId: seal('acc', 'A'),
        customerName: seal('cus', 'CANARY-A name'),
        contactName: seal('con', 'CANARY-A contact'),
        contactPhone: '•••77',
        contactEmail: '•••@mail-a.example',
        orderId: 'O-2',
        carrier: 'Nordfracht',
        mode: 'road',
        status: 'delivered',
        origin: 'Hamburg',
        destination: 'Lyon',
        plannedOn: '2026-09-10',
        deliveredOn: '2026-09-09',
        quantity: 90,
        weightKg: 2.5,
        freightCost: '[redacted]',
        insurance: '[redacted]',
        currency: 'EUR',
        notes: '[redacted]',
      },
    ])
    expect(answer).toMatchObject({
      covered: {
        customerId: 'token',
        customerName: 'token',
        contactName: 'token',
        contactPhone: 'partial',
        contactEmail: 'partial',
        freightCost: 'redact',
        insurance: 'redact',
        notes: 'redact',
      },
      next: null,
    })
    expect(entry).toMatchObject({
      kind: 'ask.answered',
      detail: {
        asked: { shipmentId: 'S-A2' },
        rows: 1,
        subjects: 1,
        prices: 0,
        rule: 'inquiry-reads',
        partial: ['contactPhone', 'contactEmail'],
        redact: ['freightCost', 'insurance', 'notes'],
      },
    })
  })

  it('shows the exception desk what a shipment costs, and counts the prices', async () => {
    const { answer, entry } = await answered(here, 'getShipmentSummary', { shipmentId: 'S-A2' }, { useCase: 'exception-desk' })
    expect(answer.rows[0]).toMatchObject({ freightCost: 99900.75, insurance: 66600.125, notes: '[redacted]' })
    expect(entry?.detail).toMatchObject({ prices: 2 })
  })

  it("answers alike for another account's shipment and for none", async () => {
    const [foreign, absent] = [
      await refused(here, 'getShipmentSummary', { shipmentId: 'S-B1' }),
      await refused(here, 'getShipmentSummary', { shipmentId: 'S-A99' }),
    ]
    expect(foreign).toEqual(absent)
    expect(foreign.code).toBe('not_found')
    expect((await answered(here, 'getShipmentSummary', { shipmentId: 'S-B1' }, { accounts: ['B'] })).answer.rows).toHaveLength(1)
  })

  it('does not ask the source for what it will not show', async () => {
    const before = here.asked.length
    await answered(here, 'getShipmentSummary', { shipmentId: 'S-A1' })
    const [query] = here.asked.slice(before)
    for (const field of ['freightCost', 'insurance', 'notes']) expect(query?.fields).not.toContain(field)
  })
})
