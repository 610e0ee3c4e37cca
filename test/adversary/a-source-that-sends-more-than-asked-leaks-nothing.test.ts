import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { done } from '../../src/base/outcome.ts'
import type { Query } from '../../src/connectors/connector.ts'
import type { HeldSession } from '../support/caller.ts'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { operationOf } from '../support/pack.ts'

/** SAP returns keys nobody selected, Oracle returns everything: a source may send any row, of anyone, with any field. */
let here: TestGate
let held: HeldSession
beforeAll(async () => {
  here = await openTestGate()
  held = await here.session()
})
afterAll(() => here.close())

/** What a value that must not leave is wrapped in. */
const secret = fc.oneof(
  fc.integer({ min: 0, max: 1e6 }).map((n) => `CANARY-${n}`),
  fc.constant({ CANARY: ['CANARY'] }),
  fc.constant(['CANARY', { toString: 'CANARY' }]),
  fc.constant({ toJSON: 'CANARY', valueOf: 'CANARY' }),
)
const OWN = { shipmentId: 'S-A1', orderId: 'S-A1', orderRef: 'S-A1', eventId: 1, exceptionId: 'E', kind: 'late', reference: 'S-A1', status: 'planned' }
const ASKS = [
  ['getShipmentSummary', { shipmentId: 'S-A1' }],
  ['listShipmentEvents', { shipmentId: 'S-A1' }],
  ['findShipments', { status: 'planned' }],
  ['getOrderHistory', { orderId: 'S-A1' }],
  ['listExceptions', { kind: 'late' }],
  ['manifestTable', { reference: 'S-A1' }],
] as const

/** Rows of the session's own account, with secrets in each field it may not see in clear and in fields that nobody knows; and rows of others, secrets through and through. */
function rowsFor(name: string): fc.Arbitrary<readonly Record<string, unknown>[]> {
  const { fields, key } = operationOf(name).resource
  const all = Object.keys(fields)
  const closed = all.filter((field) => fields[field]?.class !== 'open')
  const strange = fc.dictionary(fc.constantFrom('password', 'CANARY', '__proto__', 'constructor', 'toJSON', 'rows', 'covered', 'customer_name', 'S-A1'), secret)
  const filled = (names: readonly string[]) =>
    fc.tuple(...names.map(() => secret)).map((values) => Object.fromEntries(names.map((field, n) => [field, values[n]])))
  const own = fc.tuple(filled(closed), strange).map(([covert, odd]) => ({ ...odd, ...covert, ...OWN, customerId: 'A' }))
  const foreign = fc
    .tuple(filled(all), strange, fc.constantFrom('B', '', null, ['A'], { A: 1 }, 'a', 'A ', 0))
    .map(([covert, odd, customerId]) => ({ ...odd, ...covert, ...OWN, [key]: OWN[key as keyof typeof OWN], customerId }))
  return fc.array(fc.oneof(own, foreign), { maxLength: 5 })
}

describe('a source that sends more than it was asked for', () => {
  it('leaks nothing through any operation: no field outside the permit, nothing of another account, in answer and journal alike', async () => {
    let shown = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ASKS).chain(([name, input]) => rowsFor(name).map((rows) => ({ name, input, rows }))),
        async ({ name, input, rows }) => {
          here.weather.source = async () => done(rows)
          const from = (await here.entries()).length
          const outcome = await here.ask(held, name, input)
          const leaked = JSON.stringify([outcome, await here.entries(from)])
          expect(leaked).not.toContain('CANARY')
          for (const row of outcome.ok ? outcome.value.rows : []) {
            expect(Object.keys(row)).toEqual(operationOf(name).returns)
            shown++
          }
        },
      ),
      { numRuns: 150 },
    )
    here.weather.source = null
    expect(shown).toBeGreaterThan(50)
  })

  it('is not taken at its word on how much was asked: never more rows than the page', async () => {
    here.weather.source = async () => done(Array.from({ length: 500 }, (_, n) => ({ ...OWN, shipmentId: `S-${n}`, customerId: 'A' })))
    const outcome = await here.ask(held, 'findShipments', { status: 'planned', limit: 3 })
    here.weather.source = null
    expect(outcome.ok && outcome.value.rows).toHaveLength(3)
  })

  it('is asked for no field whose value will not be shown', () => {
    const needed = ({ resource }: Query) => new Set([resource.key, resource.boundary, resource.subject])
    for (const query of here.asked)
      for (const field of query.fields.filter((name) => !needed(query).has(name))) expect(['open', 'personal']).toContain(query.resource.fields[field]?.class)
    expect(here.asked.length).toBeGreaterThan(100)
  })
})
