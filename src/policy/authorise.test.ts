import { describe, expect, it } from 'vitest'
import { annotated, bundleOf, bundleOfFiles } from '../../test/support/bundle.ts'
import { callerOf } from '../../test/support/caller.ts'
import { operationOf, PACK } from '../../test/support/pack.ts'
import { askOf, MONDAY_NOON, permitOf, tokensOf } from '../../test/support/stages.ts'
import { authoriser, type LocalTime } from './authorise.ts'
import type { Bundle } from './bundle.ts'

const OWNER = () => 'Use case owner'
const READ = 'permit (principal, action in [Gatehouse::Action::"read"], resource);'
const SEE_OPEN = 'permit (principal, action == Gatehouse::Action::"see", resource in Gatehouse::FieldClass::"open");'
const open = bundleOf({ read: READ, 'see-open': SEE_OPEN })

async function refusalOf(bundle: Bundle, name: string, input: Record<string, unknown>, at: LocalTime = MONDAY_NOON) {
  const caller = await callerOf({ accounts: ['A', 'B'] })
  const permit = authoriser(bundle, OWNER)(caller, askOf(caller, name, input), at)
  return permit.ok ? null : permit.refusal
}

describe('authorise', () => {
  it('refuses by the rule that forbids, with its owner and its reason', async () => {
    const bundle = bundleOf({ read: READ, 'see-open': SEE_OPEN, 'no-lists': 'forbid (principal, action == Gatehouse::Action::"findShipments", resource);' })
    expect(await refusalOf(bundle, 'findShipments', { status: 'held' })).toEqual({
      code: 'forbidden',
      detail: '`findShipments` is not permitted here: reason of no-lists',
      rule: { id: 'no-lists', owner: 'Owner of no-lists', reason: 'reason of no-lists' },
    })
    expect(await refusalOf(bundle, 'listExceptions', { kind: 'late' })).toBeNull()
  })

  it("refuses what no rule speaks of, and sends to the use case's owner", async () => {
    const refused = await refusalOf(open, 'prepareReturnLabel', { shipmentId: 'S' })
    expect(refused).toMatchObject({ code: 'forbidden', rule: { id: 'no-rule', owner: 'Use case owner' } })
  })

  it('decides by argument, page and hour, each with its neighbour', async () => {
    const bundle = bundleOf({
      read: READ,
      'see-open': SEE_OPEN,
      'no-held':
        'forbid (principal, action == Gatehouse::Action::"findShipments", resource) when { context.input has status && context.input.status == "held" };',
      'small-pages': 'forbid (principal, action == Gatehouse::Action::"listExceptions", resource) when { context.limit > 10 };',
      'at-work':
        'forbid (principal, action in [Gatehouse::Action::"read"], resource) unless { context.hour >= 7 && context.hour < 19 && context.weekday >= 1 && context.weekday <= 5 };',
    })
    expect((await refusalOf(bundle, 'findShipments', { status: 'held' }))?.rule?.id).toBe('no-held')
    expect(await refusalOf(bundle, 'findShipments', { status: 'delivered' })).toBeNull()
    expect((await refusalOf(bundle, 'listExceptions', { kind: 'late', limit: 11 }))?.rule?.id).toBe('small-pages')
    expect((await refusalOf(bundle, 'listExceptions', { kind: 'late' }))?.rule?.id).toBe('small-pages')
    expect(await refusalOf(bundle, 'listExceptions', { kind: 'late', limit: 10 })).toBeNull()
    for (const [hour, weekday, rule] of [
      [6, 1, 'at-work'],
      [7, 1, undefined],
      [18, 5, undefined],
      [19, 5, 'at-work'],
      [12, 0, 'at-work'],
      [12, 6, 'at-work'],
    ] as const)
      expect((await refusalOf(bundle, 'getShipmentSummary', { shipmentId: 'S' }, { hour, weekday }))?.rule?.id).toBe(rule)
  })

  it('judges a token by what it stands for, not by how it looks', async () => {
    const bundle = bundleOf({
      read: READ,
      'see-all': 'permit (principal, action == Gatehouse::Action::"see", resource);',
      'not-b':
        'forbid (principal, action == Gatehouse::Action::"findShipments", resource) when { context.input has customer && context.input.customer == "B" };',
    })
    const token = (account: string) => ({ customer: tokensOf('s-test').seal('acc', account) })
    expect((await refusalOf(bundle, 'findShipments', token('B')))?.rule?.id).toBe('not-b')
    expect(await refusalOf(bundle, 'findShipments', token('A'))).toBeNull()
  })

  it('refuses to filter by a field that may not be read', async () => {
    const noStatus = 'forbid (principal, action == Gatehouse::Action::"see", resource == Gatehouse::Field::"shipment.status");'
    const bundle = bundleOf({ read: READ, 'see-open': SEE_OPEN, 'no-status': noStatus })
    expect(await refusalOf(bundle, 'findShipments', { status: 'held' })).toMatchObject({
      code: 'forbidden',
      rule: { id: 'no-blind-filter', owner: 'Use case owner' },
    })
    expect(await refusalOf(bundle, 'findShipments', { lane: 'Hamburg-Lyon' })).toBeNull()
    expect((await refusalOf(bundle, 'findShipments', { lane: 'Hamburg-Lyon', status: 'held' }))?.rule?.id).toBe('no-blind-filter')
    // A hint of the status is not leave to ask by it.
    const hinted = bundleOf({
      read: READ,
      'see-open': SEE_OPEN,
      'no-status': noStatus,
      hint: 'permit (principal, action == Gatehouse::Action::"hint", resource);',
    })
    expect((await refusalOf(hinted, 'findShipments', { status: 'held' }))?.rule?.id).toBe('no-blind-filter')
  })

  it('lets a token be filtered by where the field leaves as a token, and not where it is redacted', async () => {
    const token = { customer: tokensOf('s-test').seal('acc', 'A') }
    expect((await refusalOf(open, 'findShipments', token))?.rule?.id).toBe('no-blind-filter')
    const refer = bundleOf({
      read: READ,
      'see-open': SEE_OPEN,
      refer: 'permit (principal, action == Gatehouse::Action::"refer", resource in Gatehouse::FieldClass::"personal");',
    })
    expect(await refusalOf(refer, 'findShipments', token)).toBeNull()
  })

  it('covers what is not permitted: redacted, never absent', async () => {
    const permit = permitOf(await callerOf(), 'getShipmentSummary', { shipmentId: 'S' }, open)
    expect(Object.keys(permit.covers)).toEqual(operationOf('getShipmentSummary').returns)
    expect(permit.covers).toMatchObject({ status: 'clear', customerName: 'redact', contactPhone: 'redact', freightCost: 'redact', notes: 'redact' })
  })

  it('asks the source for no redacted field but the key, the boundary and whom the row is about', async () => {
    for (const [name, input] of [
      ['getShipmentSummary', { shipmentId: 'S' }],
      ['findShipments', { status: 'held' }],
      ['getOrderHistory', { orderId: 'O' }],
      ['listExceptions', { kind: 'late' }],
    ] as const) {
      const { covers, fetch, ask, rows } = permitOf(await callerOf(), name, input)
      const { key, boundary, subject, fields } = ask.operation.resource
      const needed = new Set([key, boundary, subject])
      for (const field of fetch) {
        expect([field, needed.has(field) || covers[field] !== 'redact']).toEqual([field, true])
        expect(fields[field]?.class).not.toBe('secret')
      }
      expect(fetch).toEqual(expect.arrayContaining(Object.keys(covers).filter((field) => covers[field] !== 'redact')))
      expect(rows).toMatchObject({ op: 'and', all: [{ op: 'in', field: boundary, values: ['A'] }, {}] })
      expect(new Set(fetch).size).toBe(fetch.length)
    }
  })

  it('confines a session to its accounts, to itself for what the house keeps of it, and to nothing without accounts', async () => {
    expect(permitOf(await callerOf({ accounts: ['A', 'B'] }), 'getShipmentSummary', { shipmentId: 'S' })).toMatchObject({ accounts: ['A', 'B'] })
    expect(permitOf(await callerOf(), 'getChangeState', { changeId: 'chg-1' })).toMatchObject({
      accounts: ['s-test'],
      rows: { all: [{ op: 'in', field: 'session', values: ['s-test'] }, {}] },
    })
    expect(permitOf(await callerOf({ accounts: [] }), 'getShipmentSummary', { shipmentId: 'S' })).toMatchObject({
      accounts: [],
      rows: { all: [{ op: 'in', values: [] }, {}] },
    })
  })

  it('names the rule and the serial it decided by, whatever order the files came in', async () => {
    const files = [annotated('read', READ), annotated('see-open', SEE_OPEN)].map((text, n) => ({ file: `${n}.cedar`, text }))
    const permits = await Promise.all(
      [files, files.toReversed()].map(async (some) => permitOf(await callerOf(), 'findShipments', { status: 'held' }, bundleOfFiles(some))),
    )
    expect(permits.map(({ rule, covers }) => [rule.id, covers['status']])).toEqual([
      ['read', 'clear'],
      ['read', 'clear'],
    ])
    expect(permitOf(await callerOf(), 'findShipments', { status: 'held' }).serial).toBe(PACK.bundle.serial)
  })

  it('keeps what it found out of one session from another', async () => {
    const bundle = bundleOf({
      read: READ,
      prices: 'permit (principal, action == Gatehouse::Action::"see", resource) when { principal.useCase == Gatehouse::UseCase::"exception-desk" };',
    })
    const authorise = authoriser(bundle, OWNER)
    const coverFor = async (id: string, useCase: string) => {
      const caller = await callerOf({ id, useCase })
      const permit = authorise(caller, askOf(caller, 'getShipmentSummary', { shipmentId: 'S' }), MONDAY_NOON)
      return permit.ok ? permit.value.covers['freightCost'] : permit.refusal.code
    }
    // The number of a shipment may be asked by only where it may be seen.
    expect(await coverFor('s-1', 'exception-desk')).toBe('clear')
    expect(await coverFor('s-2', 'customer-inquiry')).toBe('forbidden')
    expect(await coverFor('s-1', 'exception-desk')).toBe('clear')
  })
})
