import pg from 'pg'
import { generateTms, TAKEN_ON } from './generate.ts'
import { loadRows, type Progress } from './internal/load.ts'
import { buildTms, tmsStands } from './tms.ts'

/** What stands in the TMS: `generated`, or `file:` and the SHA-256 of the export it was loaded from. */
export async function sourceOf(client: pg.ClientBase): Promise<string | null> {
  if (!(await tmsStands(client))) return null
  return (await client.query<{ source: string }>('select source from tms.extract')).rows[0]?.source ?? null
}

/**
 * The TMS database holds the generated company, all of it or none. `owner` connects to that database as the server's administrator, whom row-level
 * security does not bind. A database that is loaded already, from whatever source, is left as it is.
 */
export async function seedPilot({
  owner,
  onProgress,
}: {
  readonly owner: pg.ClientConfig
  readonly onProgress: Progress
}): Promise<{ readonly seeded: boolean }> {
  return withTms(owner, async (client) => {
    if ((await sourceOf(client)) !== null) return { seeded: false }
    await loadMarked(client, { source: 'generated', takenOn: TAKEN_ON }, () => loadRows(client, generateTms(), onProgress))
    return { seeded: true }
  })
}

/** A connection to a TMS database whose tables stand, closed after. */
export async function withTms<T>(owner: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(owner)
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query('select pg_advisory_lock(7170233004)')
    if (!(await tmsStands(client))) await buildTms(client)
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Loads in one transaction and marks the source with it: whoever finds the mark finds every row. */
export async function loadMarked(
  client: pg.ClientBase,
  { source, takenOn }: { readonly source: string; readonly takenOn: string | null },
  load: () => Promise<void>,
): Promise<void> {
  await client.query('begin')
  try {
    await load()
    await client.query('insert into tms.extract (source, taken_on) values ($1, $2)', [source, takenOn])
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback').catch(() => undefined)
    throw cause
  }
  await client.query('analyze tms.customer, tms.carrier, tms.orders, tms.shipment, tms.shipment_event')
}
