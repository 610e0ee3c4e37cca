import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bundleOf } from '../../test/support/bundle.ts'
import { callerOf } from '../../test/support/caller.ts'
import { operationOf } from '../../test/support/pack.ts'
import { shopWith } from '../../test/support/shop-pack.ts'
import { fetchedOf, MONDAY_NOON, must, permitOf, tokensOf } from '../../test/support/stages.ts'
import { canonical, type Json } from '../base/canonical.ts'
import { askParser } from '../catalogue/ask.ts'
import { parseCatalogue } from '../catalogue/parse.ts'
import type { Row } from '../model/row.ts'
import { authoriser } from '../policy/authorise.ts'
import { cover, REDACTED } from './cover.ts'

const tokens = tokensOf('s-test')
const row = (over: Row = {}): Row => ({ shipmentId: 'S-1', customerId: 'A', status: 'held', ...over })

async function covered(rows: readonly Row[], name = 'findShipments', input: Record<string, unknown> = { status: 'held' }, over = {}) {
  return cover(await fetchedOf(permitOf(await callerOf(over), name, input), rows), tokens)
}

/** One of every kind of value, each with a mark that must not leave. */
const marked = fc.oneof(
  fc.constant('CANARY'),
  fc.anything().map((value) => ({ CANARY: value })),
  fc.array(fc.constant('CANARY'), { minLength: 1 }),
  fc.constant(['CANARY', { CANARY: 'CANARY' }]),
)

describe('cover', () => {
  it('covers each field as the permit says, and leaves none out', async () => {
    const summary = {
      ...row(),
      customerName: 'Example Ltd',
      contactName: 'Jane Doe',
      contactPhone: '+49 30 123456',
      contactEmail: 'j@firm.example',
      freightCost: 9,
      notes: 'n',
      weightKg: 1.5,
      deliveredOn: null,
    }
    const { rows } = await covered([summary], 'getShipmentSummary', { shipmentId: 'S-1' })
    expect(Object.keys(rows[0] ?? {})).toEqual(operationOf('getShipmentSummary').returns)
    expect(rows[0]).toMatchObject({
      shipmentId: 'S-1',
      customerId: tokens.seal('acc', 'A'),
      customerName: tokens.seal('cus', 'Example Ltd'),
      contactName: tokens.seal('con', 'Jane Doe'),
      contactPhone: '•••56',
      contactEmail: '•••@firm.example',
      freightCost: REDACTED,
      insurance: REDACTED,
      notes: REDACTED,
      weightKg: 1.5,
      deliveredOn: null,
      carrier: null,
    })
  })

  it('shows the exception desk prices, and still no free text', async () => {
    const { rows } = await covered([row({ freightCost: 9.5, notes: 'CANARY' })], 'getShipmentSummary', { shipmentId: 'S-1' }, { useCase: 'exception-desk' })
    expect(rows[0]).toMatchObject({ freightCost: 9.5, notes: REDACTED })
  })

  it.each([
    ["another account's", row({ customerId: 'B' })],
    ['nobody’s', { shipmentId: 'S-1', status: 'held' }],
    ['an account that only looks alike', row({ customerId: ['A'] })],
    ['one that inherits its account', Object.assign(Object.create({ customerId: 'A' }) as object, { shipmentId: 'S-1', status: 'held' }) as Row],
    ['one the arguments did not ask for', row({ status: 'delivered' })],
    ['one without a key', row({ shipmentId: null })],
  ])('drops a row that is %s, and keeps its neighbour', async (_, strange) => {
    const { rows, sources } = await covered([strange, row({ shipmentId: 'S-2' }), strange])
    expect(rows.map(({ shipmentId }) => shipmentId)).toEqual(['S-2'])
    expect(sources).toEqual([{ key: 'S-2', subject: 'A', account: 'A' }])
  })

  it('gives no row to a session without accounts', async () => {
    expect((await covered([row(), row({ customerId: '' }), row({ customerId: null })], 'findShipments', { status: 'held' }, { accounts: [] })).rows).toEqual([])
  })

  it('lets no field outside the permit escape, whatever rows a source sends', async () => {
    const permits = await Promise.all(
      (
        [
          ['findShipments', { status: 'held' }],
          ['getShipmentSummary', { shipmentId: 'S-1' }],
          ['getOrderHistory', { orderId: 'S-1' }],
        ] as const
      ).map(async ([name, input]) => permitOf(await callerOf(), name, input)),
    )
    const covert = (names: readonly string[]) =>
      fc.dictionary(fc.oneof(fc.constantFrom(...names, '__proto__', 'constructor', 'password'), fc.string({ maxLength: 8 })), marked, { maxKeys: 12 })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...permits).chain((permit) => {
          const { fields } = permit.ask.operation.resource
          const hidden = Object.keys(fields).filter((name) => permit.covers[name] === undefined || permit.covers[name] === 'redact')
          const own = { shipmentId: 'S-1', orderId: 'S-1', orderRef: 'S-1', status: 'held' }
          const kept = covert(hidden).map((more) => ({ ...more, ...own, customerId: 'A' }))
          const foreign = covert(Object.keys(fields)).map((more) => ({ ...more, ...own, customerId: 'B', carrier: 'CANARY', destination: 'CANARY' }))
          return fc.tuple(fc.constant(permit), fc.array(fc.oneof(kept, foreign), { maxLength: 4 }), kept)
        }),
        async ([permit, rows, last]) => {
          const out = cover(await fetchedOf(permit, [...rows, last]), tokens)
          expect(canonical(out.rows as unknown as Json)).not.toContain('CANARY')
          for (const one of out.rows) expect(Object.keys(one)).toEqual(permit.ask.operation.returns)
          expect(out.rows.length).toBeGreaterThan(0)
        },
      ),
    )
  })

  it('releases scalars only, with a canonical spelling, where fields may be seen', async () => {
    const values = fc.oneof(fc.anything(), fc.double(), fc.constantFrom('half \ud800', Number.NaN, Number.POSITIVE_INFINITY))
    const permit = permitOf(await callerOf(), 'findShipments', { status: 'held' })
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom('carrier', 'lane', 'plannedOn', 'quantity', 'weightKg', 'reference'), values), async (more) => {
        const { rows } = cover(await fetchedOf(permit, [{ ...more, ...row() }]), tokens)
        expect(() => canonical(rows as unknown as Json)).not.toThrow()
        for (const value of Object.values(rows[0] ?? {})) expect(['string', 'number', 'boolean'].includes(typeof value) || value === null).toBe(true)
      }),
    )
  })

  it('counts a row that does not say whom it is about as somebody of its own', async () => {
    const { catalogue } = parseCatalogue([shopWith('subject:', 'subject: remark')])
    const bundle = bundleOf({ all: 'permit (principal, action, resource);' }, catalogue)
    const caller = await callerOf()
    const ask = must(askParser(catalogue)('findParcels', { status: 'sent' }, tokens.open))
    const permit = must(authoriser(bundle, () => '')(caller, ask, MONDAY_NOON))
    const parcel = (parcelId: string, more: Row = {}) => ({ parcelId, account: 'A', status: 'sent', ...more })
    const { sources } = cover(await fetchedOf(permit, [parcel('1', { remark: 'R' }), parcel('2', { remark: null }), parcel('3')]), tokens)
    expect(sources.map(({ subject }) => subject)).toEqual(['R', '2', '3'])
  })

  it('gives a cursor only with a full page, good for what comes after its last row', async () => {
    const three = [row(), row({ shipmentId: 'S-2' }), row({ shipmentId: 'S-3' })]
    const page = (limit: number) => covered(three, 'findShipments', { status: 'held', limit })
    expect((await page(4)).next).toBeNull()
    const full = await page(3)
    expect(tokens.open('nxt', full.next ?? '')).toBe('findShipments\nS-3')
    const cut = await page(2)
    expect([cut.rows.length, tokens.open('nxt', cut.next ?? '')]).toEqual([2, 'findShipments\nS-2'])
    expect((await covered([row()], 'getShipmentSummary', { shipmentId: 'S-1' })).next).toBeNull()
    expect((await covered([], 'findShipments', { status: 'held', limit: 1 })).next).toBeNull()
  })

  it('does not count rows it dropped towards a full page', async () => {
    expect(await covered([row({ customerId: 'B' }), row()], 'findShipments', { status: 'held', limit: 2 })).toMatchObject({ next: null })
  })
})
