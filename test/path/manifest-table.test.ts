import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { answered, refused } from '../support/path.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

describe('manifestTable', () => {
  it('answers the lines of a delivery note as rows for a spreadsheet, nothing of it covered', async () => {
    const { answer, entry } = await answered(here, 'manifestTable', { reference: 'ASN-A' })
    expect(answer.rows).toHaveLength(5)
    expect(answer.rows[1]).toEqual({
      reference: 'ASN-A',
      shipmentId: 'S-A2',
      item: 'pump seals',
      quantity: 90,
      weightKg: 2.5,
      destination: 'Lyon',
      plannedOn: '2026-09-10',
      status: 'delivered',
    })
    expect([answer.covered, answer.next]).toEqual([{}, null])
    expect(entry?.detail).toMatchObject({ asked: { reference: 'ASN-A' }, rows: 5, subjects: 0 })
  })

  it("answers alike for another account's note and for none", async () => {
    const lines = async (reference: string) => (await answered(here, 'manifestTable', { reference })).answer
    const [foreign, absent] = [await lines('ASN-B'), await lines('ASN-99')]
    expect([foreign.rows, foreign.entry.digest]).toEqual([[], absent.entry.digest])
  })

  it('answers up to five hundred lines at once and no more', async () => {
    expect((await answered(here, 'manifestTable', { reference: 'ASN-A', limit: 500 })).answer.rows).toHaveLength(5)
    expect((await refused(here, 'manifestTable', { reference: 'ASN-A', limit: 501 })).code).toBe('invalid_input')
    expect((await refused(here, 'manifestTable', {})).code).toBe('invalid_input')
  })
})
