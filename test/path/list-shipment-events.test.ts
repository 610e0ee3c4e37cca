import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { answered, refused } from '../support/path.ts'
import { tokensOf } from '../support/stages.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

describe('listShipmentEvents', () => {
  it('answers what happened, oldest first, without the free text of those who recorded it', async () => {
    const { answer, entry } = await answered(here, 'listShipmentEvents', { shipmentId: 'S-A1' })
    expect(answer.rows).toEqual([
      { eventId: expect.any(Number), shipmentId: 'S-A1', at: '2026-09-01T06:15:00.000Z', code: 'planned', location: 'Hamburg', note: '[redacted]' },
      { eventId: expect.any(Number), shipmentId: 'S-A1', at: '2026-09-02T06:30:00.000Z', code: 'departed', location: 'Hamburg', note: '[redacted]' },
    ])
    expect(answer.covered).toEqual({ note: 'redact' })
    expect(entry?.detail).toMatchObject({ asked: { shipmentId: 'S-A1' }, rows: 2, subjects: 0 })
  })

  it('goes on from a cursor to the next event, and to the end', async () => {
    const held = await here.session()
    const first = await answered(here, 'listShipmentEvents', { shipmentId: 'S-A1', limit: 1 }, held)
    const second = await answered(here, 'listShipmentEvents', { shipmentId: 'S-A1', limit: 1, cursor: first.answer.next }, held)
    expect([first, second].map(({ answer }) => answer.rows[0]?.['code'])).toEqual(['planned', 'departed'])
    const third = await answered(here, 'listShipmentEvents', { shipmentId: 'S-A1', limit: 1, cursor: second.answer.next }, held)
    expect([third.answer.rows, third.answer.next]).toEqual([[], null])
  })

  it("answers alike, with no event, for another account's shipment and for none", async () => {
    const events = async (shipmentId: string) => (await answered(here, 'listShipmentEvents', { shipmentId })).answer
    const [foreign, absent] = [await events('S-B1'), await events('S-A99')]
    expect([foreign.rows, foreign.covered, foreign.next, foreign.entry.digest]).toEqual([absent.rows, absent.covered, absent.next, absent.entry.digest])
    expect(foreign.rows).toEqual([])
  })

  it('takes no cursor from another session, nor from another list', async () => {
    const cursor = tokensOf('s-other').seal('nxt', 'listShipmentEvents\n1')
    expect(await refused(here, 'listShipmentEvents', { shipmentId: 'S-A1', cursor })).toMatchObject({ code: 'reference_meaningless' })
    const held = await here.session()
    const { answer } = await answered(here, 'findShipments', { status: 'planned', limit: 1 }, held)
    expect(await refused(here, 'listShipmentEvents', { shipmentId: 'S-A1', cursor: answer.next }, held)).toMatchObject({ code: 'reference_meaningless' })
  })
})
