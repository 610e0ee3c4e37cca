import type { Faker } from '@faker-js/faker'
import type { EventRow, ShipmentRow } from '../rows.ts'
import { addDays, daysBetween } from './day.ts'

type Step = { readonly code: string; readonly share: number; readonly where: 'origin' | 'destination' | null }

const BEGUN: readonly Step[] = [{ code: 'picked_up', share: 0.35, where: 'origin' }]
const UNDER_WAY: readonly Step[] = [...BEGUN, { code: 'departed', share: 0.5, where: 'origin' }]
const ARRIVING: readonly Step[] = [...UNDER_WAY, { code: 'arrived', share: 0.85, where: 'destination' }]

/** What happened on the way to each status; `share` is the part of the time between order and end that had passed. */
const STEPS: Readonly<Record<ShipmentRow['status'], readonly Step[]>> = {
  planned: [],
  picked_up: BEGUN,
  in_transit: UNDER_WAY,
  held: [...UNDER_WAY, { code: 'held', share: 0.7, where: null }],
  out_for_delivery: [...ARRIVING, { code: 'out_for_delivery', share: 0.98, where: 'destination' }],
  delivered: [...UNDER_WAY, { code: 'out_for_delivery', share: 0.98, where: 'destination' }, { code: 'delivered', share: 1, where: 'destination' }],
  returned: [...ARRIVING, { code: 'returned', share: 1, where: 'origin' }],
  cancelled: [{ code: 'cancelled', share: 0.4, where: null }],
}

/** The events of one shipment, in order, from `begin` (a day) to `end` at the latest. */
export function makeEvents(faker: Faker, shipment: ShipmentRow, begin: string, end: string): readonly EventRow[] {
  const { shipment_id, customer_id } = shipment
  const days = Math.max(daysBetween(begin, end), 0)
  const at = (share: number): string => `${addDays(begin, Math.floor(days * share))}T`
  const planned = { shipment_id, customer_id, at: `${at(0)}06:${minute(faker)}:00Z`, code: 'planned', location: null, note: null }
  const steps = STEPS[shipment.status].map(({ code, share, where }, index) => ({
    shipment_id,
    customer_id,
    at: `${at(share)}${String(8 + index * 3).padStart(2, '0')}:${minute(faker)}:00Z`,
    code,
    location: where === null ? null : shipment[where],
    note: code === 'held' ? faker.helpers.arrayElement(['customs inspection', 'papers missing', 'road closed', 'consignee not reached']) : null,
  }))
  return [planned, ...steps]
}

const minute = (faker: Faker): string => String(faker.number.int({ min: 0, max: 59 })).padStart(2, '0')
