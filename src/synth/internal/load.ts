import type pg from 'pg'
import type { TmsRows } from '../rows.ts'

const COLUMNS = {
  customers: [
    'customer',
    'customer_id text, name text, contact_name text, phone text, email text, address_line text, city text, postal_code text, country text',
  ],
  carriers: ['carrier', 'carrier_id text, name text'],
  orders: ['orders', 'order_id text, customer_id text, ordered_on date, requested_on date, item text, quantity integer, value numeric, currency text'],
  shipments: [
    'shipment',
    'shipment_id text, reference text, customer_id text, order_id text, carrier_id text, mode text, status text, origin text, destination text, planned_on date, ' +
      'delivered_on date, item text, quantity integer, weight_kg numeric, value numeric, freight_cost numeric, insurance numeric, currency text, notes text, ' +
      'unparsed jsonb, extra jsonb',
  ],
  events: ['shipment_event', 'shipment_id text, customer_id text, at timestamptz, code text, location text, note text'],
} as const satisfies Readonly<Record<keyof TmsRows, readonly [table: string, columns: string]>>

/** Rows per statement: large enough for speed, small enough to show progress. */
const BATCH_ROWS = 2_000

export type Progress = (done: number, total: number) => void

/** Writes the rows of a whole TMS, within the caller's transaction, as a role that row-level security does not bind. */
export async function loadRows(client: pg.ClientBase, rows: TmsRows, onProgress: Progress): Promise<void> {
  const lists = Object.keys(COLUMNS) as readonly (keyof TmsRows)[]
  const total = lists.reduce((sum, list) => sum + rows[list].length, 0)
  let done = 0
  onProgress(done, total)
  for (const list of lists) {
    const [table, columns] = COLUMNS[list]
    const statement = insertion(table, columns)
    for (let from = 0; from < rows[list].length; from += BATCH_ROWS) {
      const batch: readonly object[] = rows[list].slice(from, from + BATCH_ROWS)
      await client.query(statement, [JSON.stringify(batch)])
      onProgress((done += batch.length), total)
    }
  }
}

function insertion(table: string, columns: string): string {
  const names = columns.replaceAll(/ (?:text|date|integer|numeric|timestamptz|jsonb)\b/g, '')
  return `insert into tms.${table} (${names}) select ${names} from json_to_recordset($1::json) as r (${columns})`
}
