import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { expect } from 'vitest'
import { openCluster } from '../../src/store/cluster/cluster.ts'
import type { Ran } from './cli.ts'
import { processesNaming } from './processes.ts'

/** A company's own export, dirty as they are: dates of three kinds, text in freight and weight. */
export const EXPORT = join(import.meta.dirname, '../fixtures/shipments.csv')
export const ROWS = readFileSync(EXPORT, 'utf8').trimEnd().split('\n').length - 1

/** The command refused it, said so in full, and no agent asked anything. */
export function expectRefused({ code, err, out }: Ran, fault: string, message: string, next: RegExp): void {
  expect(err).toContain(message)
  expect(err).toMatch(new RegExp(`\\n {2}code: ${fault}\\n {2}next: ${next.source}`))
  expect(err).not.toMatch(/\n\s+at /)
  expect(code).toBe(1)
  expect(out).not.toContain('the agent asks')
}

/** What stands in the TMS of this data folder, of which no process is left: null when it was never built. */
export async function loaded(dataFolder: string): Promise<{ readonly shipments: number; readonly kept: number; readonly source: string } | null> {
  expect(processesNaming(dataFolder)).toEqual([])
  const cluster = await openCluster({ dataFolder, say: () => undefined })
  const client = new pg.Client({ ...cluster.superuser, database: 'tms' })
  try {
    await client.connect()
    const stands = (await client.query<{ stands: boolean }>(`select to_regclass('tms.extract') is not null as stands`)).rows[0]?.stands
    if (!stands) return null
    const { rows } = await client.query<{ shipments: number; kept: number; source: string | null }>(
      `select count(*)::int as shipments, coalesce(sum((select count(*) from jsonb_object_keys(unparsed))), 0)::int as kept, (select source from tms.extract) as source from tms.shipment`,
    )
    const [row] = rows
    return row?.source ? { ...row, source: row.source } : null
  } catch (cause) {
    if ((cause as { readonly code?: string }).code === '3D000') return null
    throw cause
  } finally {
    await client.end()
    await cluster.stop()
  }
}
