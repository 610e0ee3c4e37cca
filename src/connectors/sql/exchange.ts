import type pg from 'pg'
import type { Row } from '../../model/row.ts'
import type { Statement } from './compile.ts'

/** A statement and the name under which a connection keeps it prepared. */
export type Named = Statement & { readonly name: string }

/** The rows of a statement that may be seen as these accounts. */
export type Read = { readonly accounts: string; readonly named: Named }

/** Asks for each in turn, on a connection that nobody else uses meanwhile. Rejects for all when one fails; then the connection must be closed. */
export type Exchange = (client: pg.PoolClient, reads: readonly Read[]) => Promise<readonly (readonly Row[])[]>

/** Whose rows may be seen from here on, and that nothing may be written: both until the transaction ends, and no longer. */
const CONFINE = {
  name: 'gh_confine',
  text: "select pg_catalog.set_config('gatehouse.accounts', $1, true), pg_catalog.set_config('transaction_read_only', 'on', true)",
}

type Column = readonly [name: string, parse: (text: string) => Row[string]]
/** Columns of statements a connection has prepared, by name. */
type Shapes = Map<string, readonly Column[]>
type Settle = { readonly resolve: (rows: readonly (readonly Row[])[]) => void; readonly reject: (cause: unknown) => void }
type RowDescription = { readonly fields: readonly { readonly name: string; readonly dataTypeID: Parameters<pg.PoolClient['getTypeParser']>[0] }[] }

/**
 * PostgreSQL's extended protocol spoken by ourselves, where `pg` would take four exchanges: for each read confinement and statement go out, all in one write
 * with one Sync at the end, which makes them one transaction (PostgreSQL, "Pipelining"), and the answers come back in one. What a
 * statement's columns are is asked once on a connection. It saves about a tenth of what an ask costs.
 */
export function exchanges(): Exchange {
  const known = new WeakMap<pg.Connection, Shapes>()
  return (client, reads) =>
    new Promise((resolve, reject) => {
      const shapes: Shapes = known.get(client.connection) ?? new Map<string, readonly Column[]>()
      known.set(client.connection, shapes)
      client.query(submittable(client, shapes, reads, { resolve, reject }))
    })
}

/** What `pg` calls back for each message of the server (lib/client.js). Of each read the first command completed is the confinement's, and its row is nobody's. */
function submittable(client: pg.PoolClient, shapes: Shapes, reads: readonly Read[], { resolve, reject }: Settle) {
  const answers = reads.map(({ accounts, named }) => ({ accounts, name: named.name, columns: shapes.get(named.name), rows: [] as Row[], said: false }))
  let at = 0
  let confined = false
  return {
    submit: (connection: pg.Connection) => send(connection, reads, shapes),
    handleRowDescription({ fields }: RowDescription): void {
      const answer = answers[at]
      if (answer) answer.columns = fields.map(({ name, dataTypeID }) => [name, client.getTypeParser(dataTypeID)])
    },
    handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
      const answer = answers[at]
      if (!answer) return
      if (confined) answer.rows.push(rowOf(answer.columns ?? [], fields))
      // INVARIANT: the database has said back whose rows these are, and that they are only read, before one of them counts.
      else answer.said = fields[0] === answer.accounts && fields[1] === 'on'
    },
    handleCommandComplete(): void {
      if (confined) at++
      confined = !confined
    },
    handleReadyForQuery(): void {
      for (const { name, columns } of answers) if (columns) shapes.set(name, columns)
      if (answers.every(({ said }) => said)) resolve(answers.map(({ rows }) => rows))
      else reject(new Error('the source did not confine the read'))
    },
    handleError: reject,
    handleEmptyQuery: (): void => undefined,
    handlePortalSuspended: (): void => undefined,
  }
}

function send(connection: pg.Connection, reads: readonly Read[], shapes: Shapes): void {
  const { stream } = connection
  stream.cork()
  try {
    for (const { accounts, named } of reads) {
      const { name, text, values } = named
      prepare(connection, CONFINE)
      connection.bind({ statement: CONFINE.name, values: [accounts] }, true)
      connection.execute({}, true)
      prepare(connection, { name, text })
      connection.bind({ statement: name, values: values.map(spelled) }, true)
      if (!shapes.has(name)) connection.describe({ type: 'P' }, true)
      connection.execute({}, true)
    }
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
