import pg from 'pg'

export type PoolSettings = { readonly url: string; readonly max: number; readonly statementTimeoutMs: number; readonly name: string }

const { builtins } = pg.types
/** PostgreSQL knows NaN and infinities; a row has no such value. */
const asNumber = (text: string): number | null => (Number.isFinite(Number(text)) ? Number(text) : null)
function asInstant(text: string): string | null {
  const read: unknown = pg.types.getTypeParser(builtins.TIMESTAMPTZ)(text)
  return read instanceof Date && !Number.isNaN(read.getTime()) ? read.toISOString() : null
}
const PARSERS = new Map<number, (text: string) => unknown>([
  [builtins.INT8, asNumber],
  [builtins.NUMERIC, asNumber],
  [builtins.DATE, (text) => text],
  [builtins.TIMESTAMPTZ, asInstant],
])

/** Connections to a source, read as the connector contract says: dates as text, instants in ISO 8601, decimals as numbers. */
export function openPool(settings: PoolSettings): pg.Pool {
  const pool = new pg.Pool({
    connectionString: settings.url,
    max: settings.max,
    application_name: settings.name,
    statement_timeout: settings.statementTimeoutMs,
    idle_in_transaction_session_timeout: settings.statementTimeoutMs,
    connectionTimeoutMillis: 3000,
    idleTimeoutMillis: 60_000,
    types: { getTypeParser: (oid, format) => PARSERS.get(oid) ?? pg.types.getTypeParser(oid, format) },
  })
  // An idle connection that dies (the server restarted) must not take the process with it: the next ask opens another.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
