import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../support/gate.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

describe('an agent that asks for everybody at once', () => {
  it.each([1, 2])('is shown no more distinct people than its budget of %i, however the asks fall', async (budget) => {
    // Each shipment of its own customer: as many people as asks.
    const accounts = Array.from({ length: 12 }, (_, n) => `P${n}`)
    for (const id of accounts) {
      await here.tms.sql('insert into tms.customer (customer_id, name, contact_name, phone) values ($1, $1, $1, $2) on conflict do nothing', [id, '030 123456'])
      await here.tms.sql("insert into tms.shipment (shipment_id, customer_id, status) values ($1, $2, 'planned') on conflict do nothing", [`S-${id}`, id])
    }
    here.weather.limits = { subject: budget, price: 0 }
    const held = await here.session({ accounts })
    const all = await Promise.all(accounts.map((id) => here.ask(held, 'getShipmentSummary', { shipmentId: `S-${id}` })))
    const shown = new Set(all.flatMap((outcome) => (outcome.ok ? [outcome.value.rows[0]?.['shipmentId']] : [])))
    expect(shown.size).toBeLessThanOrEqual(budget)
    expect(new Set(all.flatMap((outcome) => (outcome.ok ? [] : [outcome.refusal.code])))).toEqual(new Set(['exposure_exceeded']))
    // And nothing more comes of asking again.
    for (const id of accounts) expect((await here.ask(held, 'getShipmentSummary', { shipmentId: `S-${id}` })).ok).toBe(false)
  })
})
