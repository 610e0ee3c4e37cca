import type pg from 'pg'
import { Fault } from '../model/fault.ts'
import { type Assembled, assemble } from './internal/assemble.ts'
import { findColumns } from './internal/columns.ts'
import { type CsvFile, readCsv } from './internal/csv.ts'
import { loadRows } from './internal/load.ts'
import { type Mapping, NO_MAPPING } from './mapping.ts'
import { columnLines, type ImportReport, type RefusedCell, refusedLines } from './report.ts'
import { loadMarked, sourceOf, withTms } from './seed.ts'

export type Import = {
  readonly file: string
  readonly mapping?: Mapping
  /** Connects to the TMS database as the server's administrator, whom row-level security does not bind. */
  readonly db: pg.ClientConfig
  readonly onProgress: (step: 'reading' | 'loading', done: number, total: number) => void
}

/** What is thrown when a row is refused (`import_refused`): nothing was loaded, and the report says why. */
export class ImportRefused extends Fault {
  readonly report: ImportReport

  constructor(file: string, report: ImportReport) {
    const head = `\`${file}\` is not loaded: ${report.refused.length} of its rows or columns cannot be, and it is all or nothing`
    super('import_refused', `${head}\n${refusedLines(report.refused)}`, 'mend these in the file, or name its columns in a mapping file with --mapping')
    this.report = report
  }
}

/**
 * Loads a company's own export of shipments, all of it or nothing: a row that cannot be loaded refuses the file (`import_refused`, with the report).
 * No cell is dropped: what is not what its column says is kept as text and counted. The same file again does nothing; a TMS that holds anything
 * else already is left as it is, and refused.
 */
export async function importShipments({ file, mapping = NO_MAPPING, db, onProgress }: Import): Promise<ImportReport> {
  const csv = await read(file, mapping, onProgress)
  const [head, ...records] = csv.records
  const { columns, refused } = findColumns(head?.cells ?? [], mapping)
  const made: Assembled = refused.length > 0 ? NOTHING : assemble(records, columns, mapping.spelling)
  const all = [...csv.refused, ...refused, ...made.refused, ...(records.length === 0 ? [EMPTY] : [])].sort((a, b) => a.line - b.line)
  const counts = { rows: records.length, refused: all, columns: made.columns, customers: made.rows.customers.length, orders: made.rows.orders.length }
  const report = { ...counts, digest: csv.digest, loaded: 0, alreadyLoaded: false }
  if (all.length > 0) throw new ImportRefused(file, report)

  const source = `file:${csv.digest}`
  return withTms(db, async (client) => {
    const found = await sourceOf(client)
    if (found === source) return { ...report, loaded: records.length, alreadyLoaded: true }
    if (found !== null) throw occupied(found)
    await loadMarked(client, { source, takenOn: null }, async () => {
      await loadRows(client, made.rows, (done, total) => onProgress('loading', done, total))
      await completeOrders(client)
    })
    return { ...report, loaded: records.length }
  })
}

const NOTHING: Assembled = { rows: { customers: [], carriers: [], orders: [], shipments: [], events: [] }, refused: [], columns: [] }
const EMPTY: RefusedCell = { line: 1, column: '', reason: 'no rows beneath the header' }

async function read(file: string, mapping: Mapping, onProgress: Import['onProgress']): Promise<CsvFile> {
  try {
    return await readCsv({ file, encoding: mapping.encoding, onBytes: (done, total) => onProgress('reading', done, total) })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause
    throw new Fault('import_refused', `\`${file}\` cannot be read`, 'check its path and who may read it', { cause })
  }
}

/** An order is what its shipments say together, where each of them says it. */
const completeOrders = (client: pg.ClientBase): Promise<unknown> =>
  client.query(`
    update tms.orders o set item = s.item, quantity = s.quantity, value = s.value
      from (select order_id, customer_id,
                   case when count(distinct item) = 1 and count(item) = count(*) then min(item) end as item,
                   case when count(quantity) = count(*) and sum(quantity) <= 2147483647 then sum(quantity) end as quantity,
                   case when count(value) = count(*) and count(distinct currency) <= 1 then sum(value) end as value
              from tms.shipment where order_id is not null group by order_id, customer_id) s
     where o.order_id = s.order_id and o.customer_id = s.customer_id`)

const occupied = (found: string): Fault =>
  new Fault('import_refused', `the data folder holds ${found === 'generated' ? 'generated data' : 'another export'} already`, 'name a new folder with --data')

/** The report as lines for the terminal. */
export function importLines(report: ImportReport): string {
  const kept = report.columns.reduce((sum, { unparsed }) => sum + unparsed, 0)
  const head = `${report.loaded} rows of ${report.rows}, ${report.customers} customers, ${report.orders} orders; ${kept} cells kept as text, none dropped`
  return `${head}\n${columnLines(report.columns)}`
}
