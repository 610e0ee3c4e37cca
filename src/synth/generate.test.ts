import { faker } from '@faker-js/faker/locale/en'
import { describe, expect, it } from 'vitest'
import { toHex } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import { generateTms, TAKEN_ON } from './generate.ts'

const digest = (count: number): string => toHex(sha256(JSON.stringify(generateTms(count))))

describe('generateTms', () => {
  const rows = generateTms()

  it('makes the same company every time, whatever was drawn in between', () => {
    const first = digest(500)
    faker.seed(1)
    faker.person.firstName()
    expect(digest(500)).toBe(first)
  })

  it('makes 10,000 shipments, some four events each, and few customers that ship much', () => {
    expect(rows.shipments).toHaveLength(10_000)
    expect(rows.customers).toHaveLength(400)
    expect(rows.events.length / rows.shipments.length).toBeGreaterThan(3.5)
    const perCustomer = Map.groupBy(rows.shipments, ({ customer_id }) => customer_id)
    expect(perCustomer.get('C-1001')?.length).toBeGreaterThan(200)
    expect(perCustomer.size).toBeGreaterThan(350)
  })

  it('plants instructions to the reader in about 2 % of the notes, of every kind', () => {
    const signs = [
      /ignore previous/i,
      /^SYSTEM:|system>/m,
      /AI assistant/,
      /https:\/\/collect/,
      /!\[status\]/,
      /return label/,
      /proposeStatusChange/,
      /decode this/,
      /Ignoriere/,
      /<!--/,
      /As agreed with IT/,
    ]
    const planted = rows.shipments.filter(({ notes }) => signs.some((sign) => sign.test(notes ?? '')))
    expect(planted.length).toBeGreaterThan(150)
    expect(planted.length).toBeLessThan(260)
    for (const sign of signs) expect(planted.some(({ notes }) => sign.test(notes ?? ''))).toBe(true)
  })

  it('tells a story that holds together', () => {
    const orders = new Map(rows.orders.map((order) => [order.order_id, order]))
    for (const shipment of rows.shipments) {
      expect(orders.get(shipment.order_id ?? '')?.customer_id).toBe(shipment.customer_id)
      expect(shipment.delivered_on !== null).toBe(shipment.status === 'delivered')
      expect((shipment.delivered_on ?? TAKEN_ON) <= TAKEN_ON).toBe(true)
      expect(shipment.origin).not.toBe(shipment.destination)
    }
    for (const [shipment, events] of Map.groupBy(rows.events, ({ shipment_id }) => shipment_id)) {
      expect([shipment, events.map(({ at }) => at)]).toEqual([shipment, events.map(({ at }) => at).toSorted()])
    }
  })

  it('names nobody who could be reached: mail domains that cannot exist', () => {
    for (const { email } of rows.customers) expect(email).toMatch(/^[a-z.]+@[a-z-]+\.example$/)
  })
})
