import { randomBytes } from 'node:crypto'
import { get } from 'node:http'
import pg from 'pg'
import { inject } from 'vitest'
import { PROCESS_ROLES, type ProcessRole } from '../../src/store/grants.ts'
import { closeDatabase } from '../../src/store/migrate.ts'
import { type Shared, TEMPLATE } from './cluster.ts'

/** A database of this test's own, with our tables and no rows in them, on the run's real PostgreSQL. */
export type FreshDatabase = {
  /** As the superuser, whom grants and row-level security do not bind: for looking, and for breaking things. */
  readonly url: string
  /** As the role of one process: what the house itself would use. */
  readonly roleUrl: (role: ProcessRole) => string
  /** Cuts whoever is still connected and drops the database. */
  readonly close: () => Promise<void>
}

export async function freshDatabase(): Promise<FreshDatabase> {
  const { superuser, passwords } = await sharedServer()
  const database = await copyDatabase(TEMPLATE, closeDatabase)
  return {
    url: urlOf(superuser, database),
    roleUrl: (role) => urlOf({ ...superuser, user: PROCESS_ROLES[role], password: passwords[role] }, database),
    close: () => dropDatabase(database),
  }
}

/** The run's server; the first to ask waits for it to start. */
export const sharedServer = (path: '/' | '/tms' = '/'): Promise<Shared> => ofTheRun<Shared>(path)

/** What the run has one of (`cluster.ts`). */
export async function ofTheRun<Found>(path: string): Promise<Found> {
  const socketPath = inject('databaseSocket')
  if (!socketPath) throw new Error('no database server: the vitest configuration must name test/support/cluster.ts as globalSetup')
  return new Promise((found, failed) => {
    // A connection kept from an earlier test file of the process may have been closed at the other end.
    get({ socketPath, path, agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => {
        const text = Buffer.concat(parts).toString()
        if (response.statusCode === 200) found(JSON.parse(text) as Found)
        else failed(new Error(text))
      })
    }).on('error', failed)
  })
}

/** A new database like the template, under a name of its own. */
export async function copyDatabase(template: string, close: (client: pg.Client, database: string) => Promise<void>): Promise<string> {
  const database = `test_${randomBytes(6).toString('hex')}`
  await onServer(async (client) => {
    await client.query(`create database ${database} template ${template}`)
    await close(client, database)
  })
  return database
}

export const dropDatabase = (database: string): Promise<void> =>
  onServer((client) => client.query(`drop database ${database} with (force)`).then(() => undefined))

/** Work as the superuser in the server's own database, one at a time: nobody may be connected to a template that is being copied. */
export async function onServer(work: (client: pg.Client) => Promise<void>): Promise<void> {
  const { superuser } = await sharedServer()
  const client = new pg.Client(superuser)
  await client.connect()
  try {
    await client.query('select pg_advisory_lock(7170233003)')
    await work(client)
  } finally {
    await client.end()
  }
}

export const urlOf = (at: { readonly host: string; readonly port: number; readonly user: string; readonly password: string }, database: string): string =>
  `postgresql://${encodeURIComponent(at.user)}:${encodeURIComponent(at.password)}@${encodeURIComponent(at.host)}:${at.port}/${database}`
