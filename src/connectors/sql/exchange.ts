import type pg from 'pg'
import type { Row } from '../../model/row.ts'
import type { Statement } from './compile.ts'

/** A statement and the name under which a connection keeps it prepared. */
export type Named = Statement & { readonly name: string }

/** Asks for the rows of a statement as these accounts, on a connection that nobody else uses meanwhile. After a rejection it must be closed. */
export type Exchange = (client: pg.PoolClient, accounts: string, named: Named) => Promise<readonly Row[]>

/** Whose rows may be seen, and that nothing may be written: both until the transaction ends, and no longer. */
const CONFINE = {
  name: 'gh_confine',
  text: "select pg_catalog.set_config('gatehouse.accounts', $1, true), pg_catalog.set_config('transaction_read_only', 'on', true)",
}

type Column = readonly [name: string, parse: (text: string) => Row[string]]
/** Columns of statements a connection has prepared, by name. */
type Shapes = Map<string, readonly Column[]>
type Asked = { readonly accounts: string; readonly named: Named; readonly resolve: (rows: readonly Row[]) => void; readonly reject: (cause: unknown) => void }
type RowDescription = { readonly fields: readonly { readonly name: string; readonly dataTypeID: Parameters<pg.PoolClient['getTypeParser']>[0] }[] }

/**
 * PostgreSQL's extended protocol spoken by ourselves, where `pg` would take four exchanges: confinement and statement go out in one write
 * with one Sync after both, which makes them one transaction (PostgreSQL, "Pipelining"), and the answer comes back in one. What a
 * statement's columns are is asked once on a connection. It saves about a tenth of what an ask costs.
 */
export function exchanges(): Exchange {
  const known = new WeakMap<pg.Connection, Shapes>()
  return (client, accounts, named) =>
    new Promise((resolve, reject) => {
      const shapes: Shapes = known.get(client.connection) ?? new Map<string, readonly Column[]>()
      known.set(client.connection, shapes)
      client.query(submittable(client, shapes, { accounts, named, resolve, reject }))
    })
}

/** What `pg` calls back for each message of the server (lib/client.js). The first command completed is the confinement's, and its row is nobody's. */
function submittable(client: pg.PoolClient, shapes: Shapes, { accounts, named, resolve, reject }: Asked) {
  const rows: Row[] = []
  let columns = shapes.get(named.name)
  let confined = false
  let said = false
  return {
    submit: (connection: pg.Connection) => send(connection, accounts, named, columns === undefined),
    handleRowDescription({ fields }: RowDescription): void {
      columns = fields.map(({ name, dataTypeID }) => [name, client.getTypeParser(dataTypeID)])
    },
    handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
      if (confined) rows.push(rowOf(columns ?? [], fields))
      // INVARIANT: the database has said back whose rows these are, and that they are only read, before one of them counts.
      else said = fields[0] === accounts && fields[1] === 'on'
    },
    handleCommandComplete: (): void => void (confined = true),
    handleReadyForQuery(): void {
      if (columns) shapes.set(named.name, columns)
      if (!said) reject(new Error('the source did not confine the read'))
      else resolve(rows)
    },
    handleError: reject,
    handleEmptyQuery: (): void => undefined,
    handlePortalSuspended: (): void => undefined,
  }
}

function send(connection: pg.Connection, accounts: string, { name, text, values }: Named, describe: boolean): void {
  const { stream } = connection
  stream.cork()
  try {
    prepare(connection, CONFINE)
    connection.bind({ statement: CONFINE.name, values: [accounts] }, true)
    connection.execute({}, true)
    prepare(connection, { name, text })
    connection.bind({ statement: name, values: values.map(spelled) }, true)
    if (describe) connection.describe({ type: 'P' }, true)
    connection.execute({}, true)
    connection.sync()
  } finally {
    stream.uncork()
  }
}

/** Once on a connection, in `pg`'s own record of it. A statement that does not parse fails the exchange, and the connection with it. */
function prepare(connection: pg.Connection, { name, text }: { readonly name: string; readonly text: string }): void {
  const { parsedStatements } = connection as pg.Connection & { readonly parsedStatements: Record<string, string> }
  if (Object.hasOwn(parsedStatements, name)) return
  parsedStatements[name] = text
  connection.parse({ name, text, types: [] }, true)
}

const rowOf = (columns: readonly Column[], fields: readonly (string | null)[]): Row =>
  Object.fromEntries(columns.map(([name, parse], i) => [name, typeof fields[i] === 'string' ? parse(fields[i]) : null]))

/** A bound value as PostgreSQL reads it in text: an array as `{"a","b"}` (PostgreSQL, "Array Value Input"). */
function spelled(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'boolean':
      return String(value)
    default:
      if (Array.isArray(value)) return `{${value.map(inArray).join(',')}}`
      throw new Error(`a ${typeof value} cannot be asked for`)
  }
}

const inArray = (item: unknown): string => {
  const text = String(item)
  return `"${NOT_BARE.test(text) ? text.replaceAll(/["\\]/g, String.raw`\$&`) : text}"`
}
/** What has to be escaped between quotes. */
const NOT_BARE = /["\\]/
