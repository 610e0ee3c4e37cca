import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { answered, refused } from '../support/path.ts'
import { tokensOf } from '../support/stages.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

describe('findShipments', () => {
  const found = async (input: Record<string, unknown>, by = {}) =>
    (await answered(here, 'findShipments', input, by)).answer.rows.map(({ shipmentId }) => shipmentId)

  it('answers shipments in order of their number, the customer as a token', async () => {
    const { held, answer, entry } = await answered(here, 'findShipments', { status: 'planned' })
    expect(answer.rows.map(({ shipmentId }) => shipmentId)).toEqual(['S-A3', 'S-A4', 'S-A5'])
    expect(answer.rows[0]).toEqual({
      shipmentId: 'S-A3',
      reference: 'ASN-A',
      customerId: tokensOf(held.session.id).seal('acc', 'A'),
      carrier: 'Nordfracht',
      status: 'planned',
      lane: 'Hamburg-Lyon',
      plannedOn: '2026-10-03',
      deliveredOn: null,
      quantity: 30,
      weightKg: 3.5,
    })
    expect(answer.covered).toEqual({ customerId: 'token' })
    expect(entry?.detail).toMatchObject({ asked: { status: 'planned' }, rows: 3, subjects: 0 })
  })

  it.each([
    [{ lane: 'Hamburg-Lyon' }, 5],
    [{ lane: 'hamburg-lyon' }, 0],
    [{ destination: 'Lyon', status: 'delivered' }, 1],
    [{ reference: 'ASN-A' }, 5],
    [{ reference: 'ASN-B' }, 0],
    [{ plannedFrom: '2026-09-10' }, 5],
    [{ plannedFrom: '2026-09-11' }, 3],
    [{ plannedTo: '2026-09-10' }, 2],
    [{ plannedFrom: '2026-10-03', plannedTo: '2026-10-04' }, 2],
    [{ plannedFrom: '2026-10-04', plannedTo: '2026-10-03' }, 0],
    [{ destination: '%' }, 0],
    [{ destination: "Lyon' or true --" }, 0],
  ])('narrows by %j to %i', async (input, count) => {
    expect(await found(input)).toHaveLength(count)
  })

  it('pages through all of them, each once', async () => {
    const held = await here.session()
    const seen: unknown[] = []
    let cursor: string | undefined
    for (let page = 0; page < 5; page++) {
      const { answer } = await answered(here, 'findShipments', { lane: 'Hamburg-Lyon', limit: 2, ...(cursor ? { cursor } : {}) }, held)
      seen.push(...answer.rows.map(({ shipmentId }) => shipmentId))
      if (answer.next === null) break
      cursor = answer.next
    }
    expect(seen).toEqual(['S-A1', 'S-A2', 'S-A3', 'S-A4', 'S-A5'])
  })

  it('finds by a token what it stands for, and never beyond the accounts of the session', async () => {
    const held = await here.session({ accounts: ['A', 'B'] })
    expect(await found({ customer: tokensOf(held.session.id).seal('acc', 'B') }, held)).toEqual(['S-B1', 'S-B2', 'S-B3'])
    const own = await here.session()
    expect(await found({ customer: tokensOf(own.session.id).seal('acc', 'B') }, own)).toEqual([])
  })

  it('refuses to list without anything to narrow by, and a page beyond its cap', async () => {
    expect((await refused(here, 'findShipments', {})).code).toBe('invalid_input')
    expect((await refused(here, 'findShipments', { limit: 10 })).code).toBe('invalid_input')
    expect((await refused(here, 'findShipments', { status: 'planned', limit: 51 })).code).toBe('invalid_input')
  })
})
