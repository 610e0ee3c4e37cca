import { faker } from '@faker-js/faker/locale/en'
import { HUBS, makeCustomers } from './internal/customers.ts'
import { addDays } from './internal/day.ts'
import { makeEvents } from './internal/events.ts'
import { makeNote } from './internal/notes.ts'
import type { CarrierRow, CustomerRow, EventRow, OrderRow, ShipmentRow, Status, TmsRows } from './rows.ts'

/** The day the generated TMS was taken: everything happens around it, whatever day it is today. */
export const TAKEN_ON = '2026-06-30'

const SEED = 20_260_630
const CUSTOMERS = 400
const CARRIERS =
  'Nordfracht,Kestrel Freight,Blue Anchor Lines,Transalp Cargo,Rhenus Gate,Ostsee Spedition,Harbour & Hill,Meridian Air,Quayline,Pons Logistics,Velo City Couriers,Iron Mile Rail'
const MODES = ['road', 'road', 'road', 'sea', 'air', 'rail'] as const
const ITEMS = [
  'brake discs',
  'insulin pens',
  'LED panels',
  'olive oil 5 l',
  'office chairs',
  'pump seals',
  'running shoes',
  'router boards',
  'paint 20 kg',
  'seed potatoes',
]

/**
 * The pilot's TMS, the same every time: customers, carriers, orders and that many shipments with their events. A few orders come short, in excess or
 * as another item; about 2 % of the shipments carry a note with instructions to the reader.
 */
export function generateTms(shipmentCount = 10_000): TmsRows {
  // The library's instance is seeded anew for each generation, which is synchronous: what others drew from it does not show.
  faker.seed(SEED)
  faker.setDefaultRefDate(TAKEN_ON)
  const customers = makeCustomers(faker, CUSTOMERS)
  const carriers = CARRIERS.split(',').map((name, index) => ({ carrier_id: `CAR-${index + 1}`, name }))
  const [orders, shipments, events]: [OrderRow[], ShipmentRow[], EventRow[]] = [[], [], []]
  while (shipments.length < shipmentCount) {
    // Few customers ship much, many a little: the first has some three hundred shipments.
    const customer = pick(customers, Math.floor(CUSTOMERS * faker.number.float() ** 2.2))
    const order = makeOrder(orders.length, customer)
    const parts = Math.min(faker.helpers.weightedArrayElement(PARTS), shipmentCount - shipments.length)
    orders.push(order)
    const ordinal = faker.number.float()
    for (let part = 0; part < parts; part++) {
      const shipment = makeShipment({ index: shipments.length, order, customer, carriers, part, parts, ordinal })
      shipments.push(shipment)
      events.push(...makeEvents(faker, shipment, order.ordered_on, shipment.delivered_on ?? earlier(shipment.planned_on, TAKEN_ON)))
    }
  }
  return { customers, carriers, orders, shipments, events }
}

const PARTS = [
  { value: 1, weight: 90 },
  { value: 2, weight: 8 },
  { value: 3, weight: 2 },
]

type FullOrder = OrderRow & {
  readonly ordered_on: string
  readonly requested_on: string
  readonly quantity: number
  readonly value: number
  readonly item: string
}

function makeOrder(index: number, { customer_id, country }: CustomerRow): FullOrder {
  const quantity = faker.number.int({ min: 4, max: 400 }) * 5
  const ordered = addDays(TAKEN_ON, -faker.number.int({ min: 1, max: 365 }))
  return {
    order_id: `ORD-${500_001 + index}`,
    customer_id,
    ordered_on: ordered,
    requested_on: addDays(ordered, faker.number.int({ min: 5, max: 28 })),
    item: faker.helpers.arrayElement(ITEMS),
    quantity,
    value: cents(quantity * faker.number.float({ min: 2, max: 90 })),
    currency: country === 'United States' ? 'USD' : country === 'United Kingdom' ? 'GBP' : 'EUR',
  }
}

type Part = {
  readonly index: number
  readonly order: FullOrder
  readonly customer: CustomerRow
  readonly carriers: readonly CarrierRow[]
  readonly part: number
  readonly parts: number
  /** 0 to 1, drawn once per order: which of them go wrong. */
  readonly ordinal: number
}

function makeShipment({ index, order, customer, carriers, part, parts, ordinal }: Part): ShipmentRow {
  const planned = addDays(order.requested_on, faker.number.int({ min: -2, max: 1 }) + part * 3)
  const status = drawStatus(planned)
  const share = Math.floor(order.quantity / parts) + (part === 0 ? order.quantity % parts : 0)
  const lacking = part === parts - 1 ? (ordinal < 0.03 ? -Math.ceil(share * 0.1) : ordinal > 0.99 ? Math.ceil(share * 0.05) : 0) : 0
  const quantity = share + lacking
  const value = cents((order.value * quantity) / order.quantity)
  const origin = faker.helpers.arrayElement(HUBS)
  const other = ordinal > 0.5 && ordinal < 0.507
  return {
    shipment_id: `SHP-${100_001 + index}`,
    reference: `ASN-${faker.string.numeric(5)}-${index + 1}`,
    customer_id: order.customer_id,
    order_id: order.order_id,
    carrier_id: faker.helpers.arrayElement(carriers).carrier_id,
    mode: faker.helpers.arrayElement(MODES),
    status,
    origin,
    destination: customer.city === origin ? pick(HUBS, (HUBS.indexOf(origin) + 5) % HUBS.length) : customer.city,
    planned_on: planned,
    delivered_on: status === 'delivered' ? earlier(addDays(planned, drawDelay()), TAKEN_ON) : null,
    item: other ? pick(ITEMS, (ITEMS.indexOf(order.item) + 1) % ITEMS.length) : order.item,
    quantity,
    weight_kg: cents(quantity * faker.number.float({ min: 0.2, max: 12 })),
    value,
    freight_cost: cents(60 + value * faker.number.float({ min: 0.01, max: 0.08 })),
    insurance: cents(value * 0.0016),
    currency: order.currency,
    notes: drawNote(customer),
    unparsed: {},
    extra: {},
  }
}

function drawStatus(planned: string): Status {
  const lot = faker.number.float()
  if (planned > addDays(TAKEN_ON, 5)) return lot < 0.02 ? 'cancelled' : 'planned'
  if (planned >= addDays(TAKEN_ON, -1)) return lot < 0.25 ? 'picked_up' : lot < 0.75 ? 'in_transit' : lot < 0.85 ? 'held' : 'out_for_delivery'
  return lot < 0.955 ? 'delivered' : lot < 0.975 ? 'returned' : lot < 0.985 ? 'cancelled' : lot < 0.993 ? 'held' : 'in_transit'
}

const drawDelay = (): number => (faker.number.float() < 0.1 ? faker.number.int({ min: 1, max: 12 }) : -faker.number.int({ min: 0, max: 1 }))

function drawNote(customer: CustomerRow): string | null {
  const lot = faker.number.float()
  return lot < 0.3 ? makeNote(faker, customer, lot < 0.02) : null
}

const cents = (amount: number): number => Math.round(amount * 100) / 100
const earlier = (a: string | null, b: string): string => (a !== null && a < b ? a : b)

function pick<T>(list: readonly T[], index: number): T {
  const found = list[index]
  if (found === undefined) throw new Error(`nothing at ${index}`)
  return found
}
