import { describe, expect, it } from 'vitest'
import { operationOf, PACK } from '../../test/support/pack.ts'
import { offered } from './offer.ts'

const schemaOf = (name: string) =>
  offered(operationOf(name)).inputSchema as { readonly properties: Record<string, unknown>; readonly required?: readonly string[] }

describe('offered', () => {
  it('shows what an operation takes, closed to anything more', () => {
    expect(schemaOf('findShipments')).toMatchObject({ type: 'object', additionalProperties: false })
    expect(Object.keys(schemaOf('findShipments').properties)).toEqual([...operationOf('findShipments').args.map(({ name }) => name), 'limit', 'cursor'])
    expect(schemaOf('getShipmentSummary').required).toEqual(['shipmentId'])
    expect(schemaOf('findShipments').properties['limit']).toMatchObject({ type: 'integer', minimum: 1, maximum: 50 })
  })

  it('says in words what the schema cannot: at least one of these', () => {
    expect(offered(operationOf('findShipments')).description).toContain('Give at least one of: status, lane')
  })

  it('hints read-only for what reads, and for nothing else', () => {
    for (const operation of Object.values(PACK.catalogue.operations)) expect(offered(operation).readOnly).toBe(operation.kind === 'read')
  })

  it('shows no column, relation or class of the source', () => {
    const shown = JSON.stringify(Object.values(PACK.catalogue.operations).map(offered))
    for (const word of ['shipment_id', 'tms.shipment', 'customer_name', 'commercial', 'boundary']) expect(shown).not.toContain(word)
  })

  it('lets every field come covered, and so as text', () => {
    const { properties } = offered(operationOf('getShipmentSummary')).outputSchema as {
      readonly properties: { readonly rows: { readonly items: { readonly properties: Record<string, { type: unknown }> } } }
    }
    expect(properties.rows.items.properties['freightCost']?.type).toEqual(['number', 'string', 'null'])
    expect(Object.keys(properties.rows.items.properties)).toEqual(operationOf('getShipmentSummary').returns)
  })
})
