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

describe('prepareReturnLabel', () => {
  it('answers with a label to be seen in the console, and with nothing of the address', async () => {
    const { answer, entry } = await answered(here, 'prepareReturnLabel', { shipmentId: 'S-A1', parcels: 2, note: 'fragile' })
    expect(answer).toMatchObject({
      rows: [{ id: expect.stringMatching(/^drf-/), state: 'prepared', waitsFor: 'your person, in the console' }],
      covered: {},
      next: null,
    })
    expect(entry).toMatchObject({ kind: 'draft.prepared', detail: { asked: { shipmentId: 'S-A1', parcels: '…', note: '…' }, rule: 'drafts-for-customers' } })
  })

  it('is resolved for its person: the address, in clear', async () => {
    const { answer } = await answered(here, 'prepareReturnLabel', { shipmentId: 'S-A1', parcels: 2 })
    const shown = must(await show(desk.showing, String(answer.rows[0]?.['id']), ANNA, 'cor'))
    expect(shown.form).toBe('label')
    expect(Object.fromEntries(shown.fields.map(({ label, value }) => [label, value]))).toEqual({
      Shipment: 'S-A1',
      Reference: 'ASN-A',
      Attention: 'CANARY-A contact',
      Customer: 'CANARY-A name',
      Address: 'CANARY-A street 1',
      'Postal code': 'CANARY-A 10115',
      City: 'CANARY-A city',
      Country: 'CANARY-A land',
    })
    expect(shown.text).toContain('2')
  })

  it("answers alike for another account's shipment and for none", async () => {
    const [foreign, absent] = [
      await refused(here, 'prepareReturnLabel', { shipmentId: 'S-B1' }),
      await refused(here, 'prepareReturnLabel', { shipmentId: 'S-A99' }),
    ]
    expect(foreign).toEqual(absent)
  })

  it('is not for the exception desk', async () => {
    expect(await refused(here, 'prepareReturnLabel', { shipmentId: 'S-A1' }, { useCase: 'exception-desk' })).toMatchObject({
      code: 'forbidden',
      rule: { id: 'no-rule', owner: 'Head of Operations' },
    })
  })
})
