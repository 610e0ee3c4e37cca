import type { ColumnReport, RefusedCell } from '../report.ts'
import type { EventRow, ShipmentRow, TmsRows } from '../rows.ts'
import { parseStatus, type Spelling } from './cell.ts'
import { type Columns, nameOf } from './columns.ts'
import type { CsvRecord } from './csv.ts'
import type { Field } from './fields.ts'
import { joinCarrier, joinCustomer, joinOrder, textOf } from './join.ts'
import { spellings, type Typed, typeCells } from './typed.ts'
import { withhold } from './withhold.ts'

export type Assembled = { readonly rows: TmsRows; readonly refused: readonly RefusedCell[]; readonly columns: readonly ColumnReport[] }

/**
 * Turns records into rows of the TMS. Every cell that is not empty is found again: in the field its column fills, in `unparsed` when it is not what
 * the column says, in `extra` when the column fills nothing, or the cell contradicts an earlier row about the same order or customer, or would name
 * the customer in a field that agents see in clear. Pure.
 */
export function assemble(records: readonly CsvRecord[], columns: Columns, spelling: Spelling): Assembled {
  const [customers, carriers, orders, lineOf] = [new Map(), new Map(), new Map(), new Map<string, number>()]
  const [refused, shipments]: [RefusedCell[], ShipmentRow[]] = [[], []]
  const spelt = spellings(records, columns, spelling)
  const taken = new Set(columns.placeOf.values())
  const withheld = new Map<string, number>()
  for (const { line, cells } of records) {
    const cellOf = (field: Field): string => (cells[columns.placeOf.get(field) ?? -1] ?? columns.always.get(field) ?? '').trim()
    const fault = faultOf(cells, cellOf, columns, lineOf)
    if (fault !== null) {
      refused.push({ line, ...fault })
      continue
    }
    lineOf.set(cellOf('shipment_id'), line)
    const { typed, unparsed } = typeCells(cellOf, columns, (field) => spelt.get(field) ?? spelling)
    const extra = new Map(columns.names.flatMap((name, place) => (taken.has(place) || !cells[place] ? [] : [[name, cells[place]] as const])))
    const aside = (field: Field): void => {
      const name = nameOf(columns, field)
      if (name !== '') extra.set(name, cellOf(field))
    }
    const customer = joinCustomer(customers, typed, aside)
    if (customer === null) {
      refused.push({ line, column: nameOf(columns, 'customer'), reason: "the identifier made from this name is another customer's; give a customer_id column" })
      continue
    }
    const order_id = joinOrder(orders, customer.customer_id, typed, aside)
    const { shown, withheld: named } = withhold(typed, customer)
    for (const field of named) {
      aside(field)
      withheld.set(nameOf(columns, field), (withheld.get(nameOf(columns, field)) ?? 0) + 1)
    }
    shipments.push(toShipment(shown, { customer_id: customer.customer_id, order_id, carrier_id: joinCarrier(carriers, shown), unparsed, extra }))
  }
  const rows = {
    customers: [...customers.values()],
    carriers: [...carriers.values()],
    orders: [...orders.values()],
    shipments,
    events: shipments.flatMap(toEvents),
  }
  return { rows, refused, columns: reportColumns(columns, shipments, withheld) }
}

/** Why this record cannot be loaded at all, or null. */
function faultOf(
  cells: readonly string[],
  cellOf: (field: Field) => string,
  columns: Columns,
  lineOf: ReadonlyMap<string, number>,
): { readonly column: string; readonly reason: string } | null {
  if (cells.length !== columns.names.length) return { column: '', reason: `${cells.length} columns where the header has ${columns.names.length}` }
  const zero = cells.findIndex((cell) => cell.includes('\0'))
  if (zero !== -1) return { column: columns.names[zero] ?? '', reason: 'holds a zero character, which no database text can' }
  const key = cellOf('shipment_id')
  if (key === '') return { column: nameOf(columns, 'shipment_id'), reason: 'no shipment identifier' }
  const earlier = lineOf.get(key)
  if (earlier !== undefined) return { column: nameOf(columns, 'shipment_id'), reason: `\`${key}\` stands on line ${earlier} already` }
  const account = cellOf('customer_id')
  const where = nameOf(columns, 'customer_id') || nameOf(columns, 'customer')
  if (columns.placeOf.has('customer_id') ? account === '' : cellOf('customer') === '')
    return { column: where, reason: 'no customer, so no account to keep it for' }
  if (/[,\s]/.test(account)) return { column: where, reason: 'an account identifier holds no comma and no space' }
  return null
}

type Found = Pick<ShipmentRow, 'customer_id' | 'order_id' | 'carrier_id'> & {
  readonly unparsed: ReadonlyMap<string, string>
  readonly extra: ReadonlyMap<string, string>
}

function toShipment(typed: Typed, { unparsed, extra, ...keys }: Found): ShipmentRow {
  const text = (field: Field): string | null => textOf(typed, field)
  const delivered_on = text('delivered_on')
  const quantity = typed.get('quantity')
  return {
    ...keys,
    shipment_id: text('shipment_id') ?? '',
    reference: text('reference'),
    mode: text('mode'),
    status: parseStatus(text('status') ?? '') ?? (delivered_on === null ? 'planned' : 'delivered'),
    origin: text('origin'),
    destination: text('destination'),
    planned_on: text('planned_on'),
    delivered_on,
    item: text('item'),
    quantity: typeof quantity === 'number' ? quantity : null,
    weight_kg: text('weight_kg'),
    value: text('value'),
    freight_cost: text('freight_cost'),
    insurance: text('insurance'),
    currency: text('currency'),
    notes: text('notes'),
    unparsed: Object.fromEntries(unparsed),
    extra: Object.fromEntries(extra),
  }
}

/** All an export of shipments tells about the way: the day of delivery. */
function toEvents({ shipment_id, customer_id, delivered_on, destination }: ShipmentRow): readonly EventRow[] {
  if (delivered_on === null) return []
  return [
    { shipment_id, customer_id, at: `${delivered_on}T00:00:00Z`, code: 'delivered', location: destination, note: 'day from the imported file, hour not known' },
  ]
}

function reportColumns({ names, placeOf }: Columns, shipments: readonly ShipmentRow[], withheld: ReadonlyMap<string, number>): readonly ColumnReport[] {
  return names.map((column, place) => {
    const fields = [...placeOf].filter(([, at]) => at === place).map(([field]) => field)
    const texts = shipments.flatMap(({ unparsed }) => (Object.hasOwn(unparsed, column) ? [unparsed[column] ?? ''] : []))
    const extra = shipments.reduce((sum, shipment) => sum + (Object.hasOwn(shipment.extra, column) ? 1 : 0), 0)
    return { column, fields, unparsed: texts.length, examples: [...new Set(texts)].slice(0, 3), extra, withheld: withheld.get(column) ?? 0 }
  })
}
