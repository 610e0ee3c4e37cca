import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fieldsOf } from '../../src/model/predicate.ts'
import type { HeldSession } from '../support/caller.ts'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { PACK } from '../support/pack.ts'
import { CANARY } from '../support/small-tms.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

const INJECTED = [
  "' or '1'='1",
  "'; drop table tms.shipment; --",
  'S-B1',
  "S-A1' union select name --",
  '*',
  '%',
  '_',
  '{"$ne":null}',
  '$1',
  '\\',
  '"',
  '${7*7}',
  '../..',
  'customer_id',
  'tms.customer',
  "E'\\x41'",
  '\u02bc or true',
  'ＯＲ',
  "S-A1\u00a0' or true",
]
const READS = Object.values(PACK.catalogue.operations).filter(({ kind, system }) => kind === 'read' && system === 'tms')
const strange = fc.oneof(fc.constantFrom(...INJECTED), fc.string({ maxLength: 40 }), fc.constantFrom('planned', 'late', '2026-01-01', 'Hamburg-Lyon', 'ASN-A'))

describe('what an agent sends', () => {
  let held: HeldSession
  beforeAll(async () => {
    held = await here.session()
  })

  it('never becomes a field, a table or a condition: the source is asked by the catalogue alone, within the accounts, whatever the arguments', async () => {
    const asks = fc.constantFrom(...READS).chain((operation) => {
      const [names, texts] = [operation.args.map(({ name }) => name), operation.args.filter(({ type }) => type === 'text').map(({ name }) => name)]
      const wild = fc.dictionary(fc.constantFrom(...names, 'limit', 'cursor', 'fields', 'where', 'orderBy', '__proto__'), fc.oneof(strange, fc.anything()))
      const plausible = fc.dictionary(fc.constantFrom(...texts), strange, { minKeys: 1 })
      return fc.tuple(fc.constant(operation), fc.oneof(wild, plausible))
    })
    let reached = 0
    await fc.assert(
      fc.asyncProperty(asks, async ([operation, input]) => {
        // Nothing but the arguments stands in the way: the limits have time to fill.
        here.weather.now += 1000
        const before = here.asked.length
        const outcome = await here.ask(held, operation.name, input)
        for (const query of here.asked.slice(before)) {
          reached++
          expect(query.resource).toBe(operation.resource)
          expect(query.accounts).toEqual(['A'])
          expect(query.rows).toMatchObject({ op: 'and', all: expect.arrayContaining([{ op: 'in', field: operation.resource.boundary, values: ['A'] }]) })
          for (const field of [...fieldsOf(query.rows), ...query.fields]) expect(Object.hasOwn(operation.resource.fields, field)).toBe(true)
          expect(query.limit).toBeLessThanOrEqual(operation.rowsMax)
        }
        expect(JSON.stringify(outcome)).not.toMatch(CANARY)
        for (const row of outcome.ok ? outcome.value.rows : []) expect(String(row['shipmentId'] ?? '')).not.toMatch(/^S-B/)
      }),
      { numRuns: 300 },
    )
    expect(reached).toBeGreaterThan(20)
    expect((await here.tms.sql('select count(*)::int as left from tms.shipment'))[0]).toEqual({ left: 8 })
  })

  it.each(INJECTED)('%j is a shipment number like any other, of a shipment that is not there', async (shipmentId) => {
    const outcome = await here.ask(held, 'getShipmentSummary', { shipmentId })
    expect(outcome).toEqual({ ok: false, refusal: { code: 'not_found', detail: 'there is no such record among your accounts' } })
  })

  it('is no operation because every object has it', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'tms.getShipmentSummary', 'see', 'read', 'refer'])
      expect(await here.ask(held, name, { shipmentId: 'S-A1' })).toMatchObject({ ok: false, refusal: { code: 'unknown_operation' } })
  })
})
