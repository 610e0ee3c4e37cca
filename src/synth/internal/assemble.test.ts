import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_MAPPING } from '../mapping.ts'
import type { ShipmentRow, TmsRows } from '../rows.ts'
import { assemble } from './assemble.ts'
import { findColumns } from './columns.ts'
import { FIELDS, type Field } from './fields.ts'
import { stableId } from './join.ts'

const HEADERS = ['Shipment ID', 'customer', 'Order No', 'PO date', 'planned_on', 'qty', 'Weight (kg)', 'STATUS', 'phone', 'Carrier', 'warehouse', 'warehouse']
const { columns } = findColumns(HEADERS, NO_MAPPING)

const word = fc.constantFrom(
  '',
  ' ',
  'x',
  'ACME',
  'Acme',
  '5',
  '5.5',
  '-1',
  '2026-06-30',
  '30-Jun-26',
  '6/30/2026',
  '1/2/2026',
  'delivered',
  'Lost',
  'See ASN-1',
  '__proto__',
  'Ärger, "quoted"',
)

describe('assemble', () => {
  it('loses no cell: each is found again in its field, in unparsed or in extra', () => {
    const row = fc.tuple(...HEADERS.slice(1).map(() => word))
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), (drawn) => {
        const records = drawn.map((cells, index) => ({ line: index + 2, cells: [`S${index}`, ...cells] }))
        const { rows, refused } = assemble(records, columns, NO_MAPPING.spelling)
        expect(rows.shipments.length + refused.length).toBe(records.length)
        for (const shipment of rows.shipments) {
          const cells = records.find(({ cells: [id] }) => id === shipment.shipment_id)?.cells ?? []
          columns.names.forEach((name, place) => expect(found(rows, shipment, name, place)).toContain(cells[place]?.trim() ?? ''))
        }
      }),
      { numRuns: 300 },
    )
  })

  /** Every place a cell of this column may have gone, as text; an empty cell may be nowhere. */
  function found(rows: TmsRows, shipment: ShipmentRow, name: string, place: number): readonly string[] {
    const of = { ...rows.orders.find(({ order_id, customer_id }) => order_id === shipment.order_id && customer_id === shipment.customer_id) }
    const whose = { ...rows.customers.find(({ customer_id }) => customer_id === shipment.customer_id) }
    const carrier = rows.carriers.find(({ carrier_id }) => carrier_id === shipment.carrier_id)?.name
    const field = [...columns.placeOf].find(([, at]) => at === place)?.[0]
    const typed = field === undefined ? [] : typedPlaces(field, { ...shipment, customer: whose.name, phone: whose.phone, carrier, ordered_on: of.ordered_on })
    return ['', ...typed, shipment.unparsed[name] ?? '', (shipment.extra[name] ?? '').trim()]
  }

  function typedPlaces(field: Field, all: Readonly<Record<string, object | string | number | null | undefined>>): readonly string[] {
    const held = all[field]
    const value = typeof held === 'string' || typeof held === 'number' ? String(held) : ''
    if (FIELDS[field].kind === 'day' && value !== '')
      return [value, '30-Jun-26', '6/30/2026', '1/2/2026'].filter((text) => text === value || sameDay(text, value))
    return field === 'status' ? [value, 'delivered'].filter((text) => text === value) : [value]
  }
  const sameDay = (text: string, day: string): boolean => (day === '2026-06-30' && text !== '1/2/2026') || (text === '1/2/2026' && day === '2026-01-02')

  it.each([
    ['another width', [['S1', 'a'], ['S2']], { line: 3, column: '', reason: '1 columns where the header has 2' }],
    ['no key', [['', 'a']], { line: 2, column: 'id', reason: 'no shipment identifier' }],
    [
      'a key twice',
      [
        ['S1', 'a'],
        ['S1', 'b'],
      ],
      { line: 3, column: 'id', reason: '`S1` stands on line 2 already' },
    ],
    ['no customer', [['S1', ' ']], { line: 2, column: 'customer', reason: 'no customer, so no account to keep it for' }],
    ['a zero character', [['S1', 'a\0']], { line: 2, column: 'customer', reason: 'holds a zero character, which no database text can' }],
  ])('refuses a row with %s', (_title, cells, reason) => {
    const two = { names: ['id', 'customer'], placeOf: new Map([['shipment_id', 0] as const, ['customer', 1] as const]), always: new Map() }
    expect(
      assemble(
        cells.map((row, index) => ({ line: index + 2, cells: row })),
        two,
        NO_MAPPING.spelling,
      ).refused,
    ).toEqual([reason])
  })

  it('keeps two customers apart whose names differ by an accent, a case or a sign only', () => {
    const ids = ['Cote', 'Côte', 'COTE', 'Cote.', '株式会社', '有限会社'].map(stableId)
    expect(new Set(ids).size).toBe(6)
    for (const id of ids) expect(id).toMatch(/^[a-z0-9-]+$/)
    expect(stableId("Côte d'Ivoire")).toBe(stableId("Côte d'Ivoire"))
  })
})

describe('findColumns', () => {
  it('says what is missing: a key, and whose shipment it is', () => {
    const { refused } = findColumns(['country', 'vendor'], NO_MAPPING)
    expect(refused.map(({ column }) => column)).toEqual(['shipment_id', 'customer'])
  })

  it('takes a country for the customer in the file known by its whole shape only', () => {
    const shape = ['id', 'ASN/DN #', 'PO / SO #', 'Country', 'Vendor', 'Vendor INCO Term', 'Fulfill Via', 'First Line Designation']
    expect(findColumns(shape, NO_MAPPING).columns.placeOf.get('customer')).toBe(3)
    expect(findColumns(['shipment id', 'country'], NO_MAPPING).columns.placeOf.has('customer')).toBe(false)
  })

  it('names a header of the mapping that the file does not have', () => {
    const fields = new Map([['item', { header: 'Goods carried' }] as const])
    expect(findColumns(['shipment id', 'customer'], { ...NO_MAPPING, fields }).refused).toEqual([
      { line: 1, column: 'Goods carried', reason: 'the mapping names it for item, but the file has no such column' },
    ])
  })

  it('keeps two columns of one name apart', () => {
    expect(columns.names.slice(-2)).toEqual(['warehouse', 'warehouse (2)'])
  })
})
