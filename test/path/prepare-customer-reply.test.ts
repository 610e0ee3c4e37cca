import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { show } from '../../src/gate/show.ts'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { answered, refused } from '../support/path.ts'
import { ANNA, showingOf, type TestShowing } from '../support/showing.ts'
import { must } from '../support/stages.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

let desk: TestShowing
beforeAll(() => {
  desk = showingOf(here)
})
afterAll(() => desk.close())

describe('prepareCustomerReply', () => {
  it("is written with a token from an answer, which the person reads as the customer's name", async () => {
    const held = await here.session()
    const { answer: summary } = await answered(here, 'getShipmentSummary', { shipmentId: 'S-A1' }, held)
    const { customerName, contactName } = summary.rows[0] ?? {}
    const body = `Dear ${contactName},\nyour shipment for ${customerName} is late.`
    const { answer, entry } = await answered(here, 'prepareCustomerReply', { shipmentId: 'S-A1', subject: `For ${contactName}`, body }, held)
    expect(entry).toMatchObject({ kind: 'draft.prepared', detail: { asked: { shipmentId: 'S-A1', subject: '…', body: '…' } } })

    const shown = must(await show(desk.showing, String(answer.rows[0]?.['id']), ANNA, 'cor'))
    expect(shown.form).toBe('letter')
    expect(shown.text).toContain('Dear CANARY-A contact,\nyour shipment for CANARY-A name is late.')
    expect(shown.text).toContain('For CANARY-A contact')
    expect(shown.text).not.toMatch(/(con|cus)_/)
  })

  it('leaves alone what only looks like a token', async () => {
    const { answer } = await answered(here, 'prepareCustomerReply', { shipmentId: 'S-A1', subject: 'con_1', body: 'cus_… and con_ stand as they are' })
    const shown = must(await show(desk.showing, String(answer.rows[0]?.['id']), ANNA, 'cor'))
    expect(shown.text).toContain('cus_… and con_ stand as they are')
  })

  it("answers alike for another account's shipment and for none", async () => {
    const letter = { subject: 's', body: 'b' }
    const [foreign, absent] = [
      await refused(here, 'prepareCustomerReply', { ...letter, shipmentId: 'S-B1' }),
      await refused(here, 'prepareCustomerReply', { ...letter, shipmentId: 'S-A99' }),
    ]
    expect(foreign).toEqual(absent)
  })
})
