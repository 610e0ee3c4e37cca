import { readFileSync } from 'node:fs'
import pg from 'pg'
import { Fault } from '../model/fault.ts'
import { checkServer } from './check-server.ts'
import { grantStatements, OWNER, PROCESS_ROLES, type ProcessRole } from './grants.ts'
import { scramVerifier } from './scram.ts'

/** The tables, and each later version's step, in order: whoever is at version n has had the first n. @internal */
export const STEPS = ['./schema.sql', './schema-2.sql', './schema-3.sql', './schema-4.sql', './schema-5.sql', './schema-6.sql', './schema-7.sql'] as const
/** Kept in `house.version`. */
const HOUSE_VERSION = STEPS.length

export type Migration = {
  /** A server's administrator: a superuser, or a role with CREATEROLE and CREATEDB. */
  readonly admin: pg.ClientConfig
  readonly database?: string
  /** Passwords of the processes' roles: printable ASCII, at least 192 random bits. */
  readonly roles: Readonly<Record<ProcessRole, string>>
  /** The journal's origin (C2SP tlog-checkpoint), fixed when the house is first built. */
  readonly logOrigin: string
}

/**
 * Our database stands on the server, whole, at this version, and each process's role may do its part and no more. Done again it changes nothing.
 * Faults: `postgres_unreachable`, `postgres_too_old`, `fsync_off`; `data_newer` when a newer Gatehouse built it, before anything is changed; `data_unreachable`
 * when a step would lose something, and no table was changed.
 */
export async function migrate({ admin, database = 'gatehouse', roles, logOrigin }: Migration): Promise<void> {
  await withClient(admin, async (client) => {
    await checkServer(client)
    if (await hasDatabase(client, database)) await withClient(onDatabase(admin, database), checkVersion)
    await lockServer(client)
    await inTransaction(client, () => makeRoles(client, roles))
    await makeDatabase(client, database)
    await closeDatabase(client, database)
  })
  await withClient(onDatabase(admin, database), async (client) => {
    await lockServer(client)
    await inTransaction(client, async () => {
      await client.query(`set local role ${OWNER}`)
      const version = await versionOf(client)
      for (const step of STEPS.slice(version ?? 0)) await client.query(readFileSync(new URL(step, import.meta.url), 'utf8')).catch(refusedStep)
      if (version === null) await client.query('insert into house (version, log_origin) values ($1, $2)', [HOUSE_VERSION, logOrigin])
      else await client.query('update house set version = $1', [HOUSE_VERSION])
      for (const statement of grantStatements()) await client.query(statement)
    })
  })
}

/** A step says itself why it will not (`raise exception`), and what to do next. */
function refusedStep(cause: unknown): never {
  if (cause instanceof pg.DatabaseError && cause.code === 'P0001') throw new Fault('data_unreachable', cause.message, cause.hint ?? '', { cause })
  throw cause
}

/** Only the processes' roles may connect to this database. A database made from a template needs it again. @internal */
export async function closeDatabase(client: pg.ClientBase, database: string): Promise<void> {
  const name = client.escapeIdentifier(database)
  await client.query(`revoke all on database ${name} from public`)
  await client.query(`grant connect on database ${name} to ${Object.values(PROCESS_ROLES).join(', ')}`)
}

async function checkVersion(client: pg.ClientBase): Promise<void> {
  const version = await versionOf(client)
  if (version !== null && version > HOUSE_VERSION) {
    throw new Fault(
      'data_newer',
      `the database was built by a newer Gatehouse (version ${version}, this one knows ${HOUSE_VERSION})`,
      'start that newer version',
    )
  }
}

/** For who works on the tables without `migrate`, before anything is changed. Faults `data_newer`, and `data_unreachable` where they are of an older version. */
export async function checkSameVersion(client: pg.ClientBase): Promise<void> {
  await checkVersion(client)
  const version = await versionOf(client)
  if (version !== null && version < HOUSE_VERSION) {
    throw new Fault(
      'data_unreachable',
      `the database is of an older version (${version}, this one works on ${HOUSE_VERSION})`,
      'start the house once with this version, or use the command of that one',
    )
  }
}

async function versionOf(client: pg.ClientBase): Promise<number | null> {
  const { rows } = await client.query<{ stands: boolean }>(`select to_regclass('public.house') is not null as stands`)
  if (!rows[0]?.stands) return null
  const house = await client.query<{ version: number }>('select version from public.house')
  return house.rows[0]?.version ?? null
}

async function makeRoles(client: pg.ClientBase, roles: Readonly<Record<ProcessRole, string>>): Promise<void> {
  await makeRole(client, OWNER, 'nologin')
  for (const [process, role] of Object.entries(PROCESS_ROLES)) {
    const verifier = client.escapeLiteral(scramVerifier(roles[process as ProcessRole]))
    await makeRole(client, role, `login noinherit password ${verifier}`)
    await client.query(`alter role ${role} set lock_timeout = '5s'`)
    await client.query(`alter role ${role} set idle_in_transaction_session_timeout = '30s'`)
  }
}

/** A role with exactly these attributes, whether it stood or not. */
export async function makeRole(client: pg.ClientBase, role: string, attributes: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role])
  await client.query(`${rowCount === 0 ? 'create' : 'alter'} role ${role} with ${attributes}`)
}

export async function hasDatabase(client: pg.ClientBase, database: string): Promise<boolean> {
  return (await client.query('select from pg_database where datname = $1', [database])).rowCount === 1
}

/** `create database` knows neither "if not exists" nor a transaction: under the server's lock the two questions are one. */
async function makeDatabase(client: pg.ClientBase, database: string): Promise<void> {
  if (await hasDatabase(client, database)) return
  await becomeMember(client, OWNER)
  await client.query(`create database ${client.escapeIdentifier(database)} owner ${OWNER} template template0 encoding 'UTF8'`)
}

/** One migration of a server or a database at a time, until this connection ends. The number is ours for good; the lock is per database. */
export const lockServer = (client: pg.ClientBase): Promise<unknown> => client.query('select pg_advisory_lock(7170233002)')

/** An administrator that is no superuser (a managed service) may act as the owner only as its member. */
export async function becomeMember(client: pg.ClientBase, role: string): Promise<void> {
  const { rows } = await client.query<{ super: boolean }>('select rolsuper as super from pg_roles where rolname = current_user')
  if (!rows[0]?.super) await client.query(`grant ${role} to current_user`)
}

/** The same server, another of its databases. A URL outranks what stands beside it, so the database is changed within it. */
export function onDatabase(config: pg.ClientConfig, database: string): pg.ClientConfig {
  if (config.connectionString === undefined) return { ...config, database }
  const url = new URL(config.connectionString)
  url.pathname = `/${encodeURIComponent(database)}`
  return { ...config, connectionString: url.href }
}

export async function inTransaction(client: pg.ClientBase, work: () => Promise<void>): Promise<void> {
  // Whatever the server's default: what others committed before we had our locks is seen behind them.
  await client.query('begin isolation level read committed')
  try {
    await work()
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback').catch(() => undefined)
    throw cause
  }
}

export async function withClient(config: pg.ClientConfig, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(config)
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('postgres_unreachable', `the database server does not let us in: ${reason}`, 'check that it runs, and its address, role and password', {
      cause,
    })
  }
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
