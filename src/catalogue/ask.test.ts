import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { operationOf, PACK } from '../../test/support/pack.ts'
import { tokensOf } from '../../test/support/stages.ts'
import { askParser, CURSOR } from './ask.ts'

const parse = askParser(PACK.catalogue)
const mine = tokensOf('s-mine')
const theirs = tokensOf('s-theirs')
const ask = (name: string, input: unknown) => parse(name, input, mine.open)
const codeOf = (name: string, input: unknown): string => {
  const asked = ask(name, input)
  return asked.ok ? 'ok' : asked.refusal.code
}
const detailOf = (name: string, input: unknown): string => {
  const asked = ask(name, input)
  return asked.ok ? '' : asked.refusal.detail
}

/** What an operation takes, and its neighbours that it does not. */
const INPUTS: readonly (readonly [string, unknown, 'ok' | 'invalid_input' | 'reference_meaningless'])[] = [
  ['getShipmentSummary', { shipmentId: 'S-1' }, 'ok'],
  ['getShipmentSummary', {}, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: '' }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 'x'.repeat(40) }, 'ok'],
  ['getShipmentSummary', { shipmentId: 'x'.repeat(41) }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 1 }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: null }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: ['S-1'] }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: { $ne: null } }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 'S-1', fields: ['contactPhone'] }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 'S-1', limit: 1 }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 'S-1', cursor: 'x' }, 'invalid_input'],
  ['getShipmentSummary', { shipmentid: 'S-1' }, 'invalid_input'],
  ['getShipmentSummary', JSON.parse('{"shipmentId":"S-1","__proto__":{"limit":9}}'), 'invalid_input'],
  ['getShipmentSummary', JSON.parse('{"__proto__":{"shipmentId":"S-1"}}'), 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 'S-1', constructor: 'x' }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 'S-1', toString: 'x' }, 'invalid_input'],
  ['getShipmentSummary', null, 'invalid_input'],
  ['getShipmentSummary', [], 'invalid_input'],
  ['getShipmentSummary', 'S-1', 'invalid_input'],
  ['getShipmentSummary', undefined, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 'S\u0000' }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 'S\r\n' }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 'S\u001b[2J' }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 'S\u009f' }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 'S\ud800' }, 'invalid_input'],
  ['getShipmentSummary', { shipmentId: 'S 😀 ü %_\'";--' }, 'ok'],
  ['findShipments', { status: 'held' }, 'ok'],
  ['findShipments', { status: 'Held' }, 'invalid_input'],
  ['findShipments', { status: 'toString' }, 'invalid_input'],
  ['findShipments', {}, 'invalid_input'],
  ['findShipments', { limit: 5 }, 'invalid_input'],
  ['findShipments', { status: 'held', limit: 1 }, 'ok'],
  ['findShipments', { status: 'held', limit: 0 }, 'invalid_input'],
  ['findShipments', { status: 'held', limit: 50 }, 'ok'],
  ['findShipments', { status: 'held', limit: 51 }, 'invalid_input'],
  ['findShipments', { status: 'held', limit: -1 }, 'invalid_input'],
  ['findShipments', { status: 'held', limit: 1.5 }, 'invalid_input'],
  ['findShipments', { status: 'held', limit: '5' }, 'invalid_input'],
  ['findShipments', { status: 'held', limit: Number.NaN }, 'invalid_input'],
  ['findShipments', { plannedFrom: '2026-02-28' }, 'ok'],
  ['findShipments', { plannedFrom: '2026-02-29' }, 'invalid_input'],
  ['findShipments', { plannedFrom: '2024-02-29' }, 'ok'],
  ['findShipments', { plannedFrom: '2026-2-8' }, 'invalid_input'],
  ['findShipments', { plannedFrom: '2026-02-28T00:00:00Z' }, 'invalid_input'],
  ['findShipments', { plannedFrom: '0001-01-01' }, 'ok'],
  ['findShipments', { plannedFrom: '0000-01-01' }, 'invalid_input'],
  ['findShipments', { plannedFrom: 'infinity' }, 'invalid_input'],
  ['findShipments', { customer: mine.seal('acc', 'A') }, 'ok'],
  ['findShipments', { customer: 'A' }, 'invalid_input'],
  ['findShipments', { customer: mine.seal('cus', 'A') }, 'invalid_input'],
  ['findShipments', { customer: mine.seal('cus', 'A').replace('cus', 'acc') }, 'reference_meaningless'],
  ['findShipments', { customer: theirs.seal('acc', 'A') }, 'reference_meaningless'],
  ['findShipments', { customer: `acc_${'0'.repeat(28)}` }, 'reference_meaningless'],
  ['findShipments', { customer: `${mine.seal('acc', 'A')} ` }, 'invalid_input'],
  ['findShipments', { customer: mine.seal('acc', 'A').toUpperCase() }, 'invalid_input'],
  ['findShipments', { status: 'held', cursor: mine.seal(CURSOR, 'findShipments\nS-1') }, 'ok'],
  ['findShipments', { status: 'held', cursor: mine.seal(CURSOR, 'listExceptions\nS-1') }, 'reference_meaningless'],
  ['findShipments', { status: 'held', cursor: mine.seal(CURSOR, 'findShipmentsToo\nS-1') }, 'reference_meaningless'],
  ['findShipments', { status: 'held', cursor: mine.seal('acc', 'findShipments\nS-1') }, 'reference_meaningless'],
  ['findShipments', { status: 'held', cursor: theirs.seal(CURSOR, 'findShipments\nS-1') }, 'reference_meaningless'],
  ['findShipments', { status: 'held', cursor: 'S-1' }, 'reference_meaningless'],
  ['findShipments', { status: 'held', cursor: '' }, 'reference_meaningless'],
  ['findShipments', { status: 'held', cursor: 7 }, 'invalid_input'],
  ['prepareReturnLabel', { shipmentId: 'S-1', parcels: 1 }, 'ok'],
  ['prepareReturnLabel', { shipmentId: 'S-1', parcels: 0 }, 'invalid_input'],
  ['prepareReturnLabel', { shipmentId: 'S-1', parcels: 99 }, 'ok'],
  ['prepareReturnLabel', { shipmentId: 'S-1', parcels: 100 }, 'invalid_input'],
  ['prepareCustomerReply', { shipmentId: 'S-1', subject: 's', body: 'two\n\tlines' }, 'ok'],
  ['prepareCustomerReply', { shipmentId: 'S-1', subject: 's', body: 'a \u001b[31m' }, 'invalid_input'],
  ['prepareCustomerReply', { shipmentId: 'S-1', subject: 's', body: 'half \udc00' }, 'invalid_input'],
  ['prepareCustomerReply', { shipmentId: 'S-1', subject: 's', body: 'x'.repeat(4000) }, 'ok'],
  ['prepareCustomerReply', { shipmentId: 'S-1', subject: 's', body: 'x'.repeat(4001) }, 'invalid_input'],
]

describe('askParser', () => {
  it.each(INPUTS)('%s %j is %s', (name, input, code) => {
    expect(codeOf(name, input)).toBe(code)
  })

  it.each(['getShipment', '', 'getshipmentsummary', 'constructor', 'toString', '__proto__', 'hasOwnProperty', 'getShipmentSummary '])(
    'knows no operation `%s`',
    (name) => {
      expect(codeOf(name, { shipmentId: 'S-1' })).toBe('unknown_operation')
    },
  )

  it('says little of a long name that is no operation', () => {
    expect(detailOf('x'.repeat(10_000), {}).length).toBeLessThan(100)
  })

  it('names the arguments that are wrong', () => {
    expect(detailOf('findShipments', {})).toContain('give at least one of status, lane')
    expect(detailOf('findShipments', { status: 'held', limit: 51 })).toMatch(/`limit`: .*50/)
    expect(detailOf('getShipmentSummary', { shipmentId: 'S-1', fields: 1 })).toContain('fields')
  })

  it('opens tokens and the cursor, and keeps what was given beside them', () => {
    const token = mine.seal('acc', 'A')
    const asked = ask('findShipments', { customer: token, cursor: mine.seal(CURSOR, 'findShipments\nS-1\n2'), limit: 7 })
    expect(asked).toMatchObject({ ok: true, value: { input: { customer: 'A' }, given: { customer: token }, after: 'S-1\n2', limit: 7 } })
  })

  it('takes the largest page only where none is asked for', () => {
    expect(ask('findShipments', { status: 'held' })).toMatchObject({ value: { limit: operationOf('findShipments').rowsMax, after: null } })
    expect(ask('getShipmentSummary', { shipmentId: 'S-1' })).toMatchObject({ value: { limit: 1 } })
  })

  it('never gives an ask an argument that its operation does not name, whatever is sent', () => {
    const operations = Object.values(PACK.catalogue.operations)
    const input = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('shipmentId', 'status', 'limit', 'cursor', '__proto__', 'constructor')), fc.anything())
    fc.assert(
      fc.property(fc.constantFrom(...operations), fc.oneof(input, fc.anything()), (operation, sent) => {
        const asked = ask(operation.name, sent)
        if (!asked.ok) return
        const names = operation.args.map(({ name }) => name)
        expect(names).toEqual(expect.arrayContaining(Object.keys(asked.value.input)))
        expect(asked.value.limit).toBeLessThanOrEqual(operation.rowsMax)
      }),
    )
  })
})
