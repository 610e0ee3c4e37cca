export type Kind = 'text' | 'day' | 'integer' | 'number' | 'status'

type FieldFacts = {
  readonly kind: Kind
  /** Whose fact it is. Those of a customer or an order are the same in all its rows; a row that says otherwise keeps its cell aside. */
  readonly of: 'shipment' | 'order' | 'customer'
  /** Headers we know by ourselves, as `plainHeader` spells them. */
  readonly known: readonly string[]
}

const fact = (of: FieldFacts['of'], kind: Kind, ...known: readonly string[]): FieldFacts => ({ of, kind, known })

/**
 * The fields an export may fill. `shipment_id` is needed, and `customer` (a name) or `customer_id` (the company's identifier): it draws the account
 * boundary, so no header stands for it that might mean anything else.
 */
export const FIELDS = {
  shipment_id: fact('shipment', 'text', 'shipment id', 'shipment', 'shipment no', 'shipment number', 'shipment #'),
  reference: fact('shipment', 'text', 'reference', 'ref', 'shipment reference', 'asn', 'asn number', 'tracking number'),
  customer_id: fact('shipment', 'text', 'customer id', 'customer no', 'customer number', 'account', 'account id', 'account number'),
  customer: fact('shipment', 'text', 'customer', 'customer name', 'account name'),
  contact_name: fact('customer', 'text', 'contact', 'contact name', 'contact person'),
  phone: fact('customer', 'text', 'phone', 'telephone', 'contact phone'),
  email: fact('customer', 'text', 'email', 'e mail', 'contact email'),
  address_line: fact('customer', 'text', 'address', 'street', 'address line', 'customer address'),
  city: fact('customer', 'text', 'customer city'),
  postal_code: fact('customer', 'text', 'postal code', 'zip', 'zip code', 'postcode'),
  country: fact('customer', 'text', 'customer country'),
  order_id: fact('shipment', 'text', 'order id', 'order', 'order no', 'order number', 'po', 'po number', 'purchase order'),
  ordered_on: fact('order', 'day', 'ordered on', 'order date', 'po date'),
  requested_on: fact('order', 'day', 'requested on', 'requested date', 'requested delivery date'),
  carrier: fact('shipment', 'text', 'carrier', 'carrier name'),
  mode: fact('shipment', 'text', 'mode', 'shipment mode', 'transport mode'),
  status: fact('shipment', 'status', 'status', 'shipment status'),
  origin: fact('shipment', 'text', 'origin', 'ship from', 'from'),
  destination: fact('shipment', 'text', 'destination', 'ship to', 'to'),
  planned_on: fact('shipment', 'day', 'planned on', 'planned date', 'planned delivery', 'scheduled delivery date', 'eta'),
  delivered_on: fact('shipment', 'day', 'delivered on', 'delivery date', 'delivered date', 'delivered to client date', 'actual delivery date'),
  item: fact('shipment', 'text', 'item', 'item description', 'description', 'goods'),
  quantity: fact('shipment', 'integer', 'quantity', 'qty', 'line item quantity'),
  weight_kg: fact('shipment', 'number', 'weight kg', 'weight (kg)', 'weight (kilograms)', 'gross weight kg'),
  value: fact('shipment', 'number', 'value', 'goods value', 'line item value', 'declared value'),
  freight_cost: fact('shipment', 'number', 'freight cost', 'freight', 'freight cost (usd)', 'freight charge'),
  insurance: fact('shipment', 'number', 'insurance', 'line item insurance (usd)', 'insurance cost'),
  currency: fact('shipment', 'text', 'currency'),
  notes: fact('shipment', 'text', 'notes', 'note', 'remarks', 'comments'),
} as const satisfies Readonly<Record<string, FieldFacts>>

export type Field = keyof typeof FIELDS
export const FIELD_NAMES = Object.keys(FIELDS) as readonly Field[]

/** A header without what does not matter: case, spaces, underscores, hyphens. */
export const plainHeader = (header: string): string =>
  header
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ')
    .trim()

/**
 * Public files known by their whole shape, in which headers mean what they mean nowhere else. USAID's SCMS delivery history: a country is the
 * customer there, and the place the goods go to.
 */
export const KNOWN_FILES: readonly {
  readonly signature: readonly string[]
  readonly headers: Partial<Record<Field, string>>
  readonly always: Partial<Record<Field, string>>
}[] = [
  {
    signature: ['id', 'asn/dn #', 'po / so #', 'country', 'vendor', 'vendor inco term', 'fulfill via', 'first line designation'],
    headers: {
      shipment_id: 'id',
      reference: 'asn/dn #',
      order_id: 'po / so #',
      customer: 'country',
      destination: 'country',
      country: 'country',
      origin: 'vendor',
      ordered_on: 'po sent to vendor date',
    },
    always: { currency: 'USD' },
  },
]
