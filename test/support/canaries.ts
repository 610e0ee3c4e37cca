import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import type { Raise } from '../../src/bin/pilot/raise.ts'
import { asSuperuser } from './standing.ts'

/** Every row of every table of ours as text, entries of the journal as what they say. */
export async function allRows(raise: Pick<Raise, 'cluster'>): Promise<ReadonlyMap<string, string>> {
  return asSuperuser(raise, 'gatehouse', async (client) => {
    const { rows } = await client.query<{ name: string }>("select tablename as name from pg_tables where schemaname = 'public'")
    return new Map(await inOrder(rows, async ({ name }) => [name, await textOf(client, name)] as const))
  })
}

/** Which of these stand in which table. */
export function foundIn(tables: ReadonlyMap<string, string>, canaries: readonly string[]): readonly string[] {
  return [...tables].flatMap(([table, text]) => canaries.filter((canary) => text.includes(canary)).map((canary) => `${table}: ${canary}`))
}

/** The files of our database in the cluster, by path; whatever was written is on disk. Not the database's own log, which holds the sources' too. */
export async function ourFiles({ cluster, dataFolder }: Pick<Raise, 'cluster' | 'dataFolder'>): Promise<ReadonlyMap<string, Buffer>> {
  const folder = await asSuperuser({ cluster }, 'gatehouse', async (client) => {
    await client.query('checkpoint')
    const { rows } = await client.query<{ oid: number }>('select oid from pg_database where datname = current_database()')
    return join(dataFolder, 'cluster', 'base', String(rows[0]?.oid))
  })
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]))
}

async function textOf(client: pg.Client, table: string): Promise<string> {
  const { rows } = await client.query<{ row: string }>(`select t::text as row from ${table} t`)
  if (table !== 'journal_entry') return rows.map(({ row }) => row).join('\n')
  const bodies = await client.query<{ body: Buffer }>('select body from journal_entry order by index')
  return bodies.rows.map(({ body }) => body.toString()).join('\n')
}

async function inOrder<T, U>(all: readonly T[], work: (one: T) => Promise<U>): Promise<readonly U[]> {
  const results: U[] = []
  for (const one of all) results.push(await work(one))
  return results
}
