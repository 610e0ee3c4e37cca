/** Money or a weight: a number, or its decimal text where not a digit may be lost. */
export type Amount = number | string

/** Rows as the tables of catalogue/tms/schema.sql spell them. Days as `2026-06-30`, instants in ISO 8601. */
export type CustomerRow = {
  readonly customer_id: string
  readonly name: string
  readonly contact_name: string | null
  readonly phone: string | null
  readonly email: string | null
  readonly address_line: string | null
  readonly city: string | null
  readonly postal_code: string | null
  readonly country: string | null
}

export type CarrierRow = { readonly carrier_id: string; readonly name: string }

export type OrderRow = {
  readonly order_id: string
  readonly customer_id: string
  readonly ordered_on: string | null
  readonly requested_on: string | null
  readonly item: string | null
  readonly quantity: number | null
  readonly value: Amount | null
  readonly currency: string | null
}

export const STATUSES = ['planned', 'picked_up', 'in_transit', 'held', 'out_for_delivery', 'delivered', 'returned', 'cancelled'] as const
export type Status = (typeof STATUSES)[number]

export type ShipmentRow = {
  readonly shipment_id: string
  readonly reference: string | null
  readonly customer_id: string
  readonly order_id: string | null
  readonly carrier_id: string | null
  readonly mode: string | null
  readonly status: Status
  readonly origin: string | null
  readonly destination: string | null
  readonly planned_on: string | null
  readonly delivered_on: string | null
  readonly item: string | null
  readonly quantity: number | null
  readonly weight_kg: Amount | null
  readonly value: Amount | null
  readonly freight_cost: Amount | null
  readonly insurance: Amount | null
  readonly currency: string | null
  readonly notes: string | null
  readonly unparsed: Readonly<Record<string, string>>
  readonly extra: Readonly<Record<string, string>>
}

export type EventRow = {
  readonly shipment_id: string
  readonly customer_id: string
  readonly at: string
  readonly code: string
  readonly location: string | null
  readonly note: string | null
}

/** A whole TMS. Each list only refers to those before it. */
export type TmsRows = {
  readonly customers: readonly CustomerRow[]
  readonly carriers: readonly CarrierRow[]
  readonly orders: readonly OrderRow[]
  readonly shipments: readonly ShipmentRow[]
  readonly events: readonly EventRow[]
}
