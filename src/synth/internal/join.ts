import { toHex } from '../../base/bytes.ts'
import { sha256 } from '../../base/digest.ts'
import type { CarrierRow, CustomerRow, OrderRow } from '../rows.ts'
import type { Field } from './fields.ts'
import type { Typed } from './typed.ts'

/** Keeps the cell of this field aside: the customer or order has another already. */
type Aside = (field: Field) => void

/** An identifier made from a name: the same in every file, readable, and another for any other name. @internal */
export function stableId(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40)
  return `${plain || 'x'}-${toHex(sha256(name)).slice(0, 6)}`
}

/** The row's customer, new or known. Null when two names would share one identifier: that would let one account see the other's rows. */
export function joinCustomer(known: Map<string, CustomerRow>, typed: Typed, aside: Aside): CustomerRow | null {
  const [given, named] = [textOf(typed, 'customer_id'), textOf(typed, 'customer')]
  const customer_id = given ?? stableId(named ?? '')
  const found = known.get(customer_id)
  if (found === undefined) {
    const of = (field: Field): string | null => textOf(typed, field)
    const contact = { contact_name: of('contact_name'), phone: of('phone'), email: of('email'), address_line: of('address_line') }
    const place = { city: of('city'), postal_code: of('postal_code'), country: of('country') }
    const customer = { customer_id, name: named ?? customer_id, ...contact, ...place }
    known.set(customer_id, customer)
    return customer
  }
  if (named !== null && found.name !== named) {
    if (given === null) return null
    aside('customer')
  }
  for (const field of ['contact_name', 'phone', 'email', 'address_line', 'city', 'postal_code', 'country'] as const) {
    const value = textOf(typed, field)
    if (value !== null && value !== found[field]) aside(field)
  }
  return found
}

/** The row's order, new or known. Its item, quantity and value follow from its shipments once all are there. */
export function joinOrder(known: Map<string, OrderRow>, customer_id: string, typed: Typed, aside: Aside): string | null {
  const order_id = textOf(typed, 'order_id')
  const [ordered_on, requested_on] = [textOf(typed, 'ordered_on'), textOf(typed, 'requested_on')]
  if (order_id === null) {
    // What is said of an order that the row does not name has no other place.
    if (ordered_on !== null) aside('ordered_on')
    if (requested_on !== null) aside('requested_on')
    return null
  }
  const key = `${customer_id},${order_id}`
  const found = known.get(key) ?? {
    order_id,
    customer_id,
    ordered_on,
    requested_on,
    item: null,
    quantity: null,
    value: null,
    currency: textOf(typed, 'currency'),
  }
  if (ordered_on !== null && found.ordered_on !== null && ordered_on !== found.ordered_on) aside('ordered_on')
  if (requested_on !== null && found.requested_on !== null && requested_on !== found.requested_on) aside('requested_on')
  known.set(key, { ...found, ordered_on: found.ordered_on ?? ordered_on, requested_on: found.requested_on ?? requested_on })
  return order_id
}

/** The row's carrier; where the file names none, its mode stands for one, so that there is something to group by. */
export function joinCarrier(known: Map<string, CarrierRow>, typed: Typed): string | null {
  const name = textOf(typed, 'carrier') ?? textOf(typed, 'mode')
  if (name === null) return null
  const carrier_id = stableId(name)
  known.set(carrier_id, { carrier_id, name })
  return carrier_id
}

export function textOf(typed: Typed, field: Field): string | null {
  const found = typed.get(field) ?? null
  return found === null ? null : String(found)
}
