import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { expect } from 'vitest'
import type { Connection } from '../../src/store/cluster/cluster.ts'

/** A house whose PostgreSQL we may break. */
export type Served = { readonly cluster: { readonly superuser: Connection } }

/** Work as the server's superuser in one of its databases: for looking, and for breaking things. */
export async function asSuperuser<T>({ cluster }: Served, database: 'gatehouse' | 'tms' | 'postgres', work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...cluster.superuser, database })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Everything of ours but the journal and who signed in where: what a refusal must leave as it was. */
const OURS = ['person', 'invite', 'device', 'session_request', 'session', 'access_token', 'exposure', 'change', 'draft', 'access_request']

/** All that stands: our rows, the TMS's, and the files of the data folder. Two of these are equal when nothing else happened. */
export async function standing(raise: Served & { readonly dataFolder: string }): Promise<Readonly<Record<string, string>>> {
  const ours = await asSuperuser(raise, 'gatehouse', (client) => digests(client, OURS))
  const tms = await asSuperuser(raise, 'tms', (client) => digests(client, ['tms.shipment', 'tms.shipment_event', 'tms.orders', 'tms.customer']))
  return { ...ours, ...tms, files: filesOf(raise.dataFolder).join('\n') }
}

/** Rows, and the youngest transaction that wrote one: an insert, an update and a delete each move one of them. */
async function digests(client: pg.Client, tables: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const counts = tables.map(
    (table) => `select '${table}' as name, count(*) || ' rows, youngest ' || coalesce(max(xmin::text::bigint), 0) as digest from ${table}`,
  )
  const { rows } = await client.query<{ name: string; digest: string }>(counts.join(' union all '))
  return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]))
}

/** PostgreSQL's own files, the published journal and what signer and gate remember of it move by themselves. */
const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^(cluster|journal\b|postgres\.log|socket|keys.(sign.)?journal\.signed|keys.(gate.)?authority\.state)/.test(name))
    .map((name) => join(folder, name))
    .toSorted()

/** Holds every table of the TMS: whatever asks it now waits, and is seen waiting. So what is refused meanwhile never asked. */
export async function holdSource({ cluster }: Served): Promise<{ readonly waiting: () => Promise<number>; readonly release: () => Promise<void> }> {
  const client = new pg.Client({ ...cluster.superuser, database: 'tms' })
  client.on('error', () => undefined)
  await client.connect()
  await client.query('begin')
  await client.query('lock table tms.customer, tms.carrier, tms.orders, tms.shipment, tms.shipment_event in access exclusive mode')
  return {
    waiting: async () => (await client.query<{ n: number }>('select count(*)::int as n from pg_locks where not granted')).rows[0]?.n ?? -1,
    release: () => client.end(),
  }
}

/** What must hold of every refusal: nothing of ours or theirs changed, and the source was not asked while it was told. */
export async function withoutEffect<T>(raise: Served & { readonly dataFolder: string }, work: () => Promise<T>): Promise<T> {
  const before = await standing(raise)
  const held = await holdSource(raise)
  try {
    const came = await work()
    expect(await held.waiting()).toBe(0)
    return came
  } finally {
    await held.release()
    expect(await standing(raise)).toEqual(before)
  }
}
