import type pg from 'pg'
import { Fault } from '../model/fault.ts'

const MAJOR_MIN = 15
const DURABLE = ['fsync', 'full_page_writes', 'synchronous_commit'] as const

/** Turns back a server that is too old (`postgres_too_old`) or does not keep what it says it keeps (`fsync_off`): a journal on it proves nothing. */
export async function checkServer(client: Pick<pg.ClientBase, 'query'>): Promise<void> {
  const settings = DURABLE.map((name) => `current_setting('${name}') as ${name}`).join(', ')
  const { rows } = await client.query<Record<string, string>>(`select current_setting('server_version_num') as version, ${settings}`)
  const found = rows[0]
  if (found === undefined) throw new Error('the server tells no settings')
  judgeServer({ versionNumber: Number(found['version']), settings: found })
}

/** The judgement alone. `versionNumber` as PostgreSQL counts: 180004 is 18.4. @internal */
export function judgeServer(server: { readonly versionNumber: number; readonly settings: Readonly<Record<string, string>> }): void {
  const major = Math.floor(server.versionNumber / 10_000)
  if (!(major >= MAJOR_MIN)) {
    throw new Fault('postgres_too_old', `this PostgreSQL is version ${major}; Gatehouse needs ${MAJOR_MIN} or newer`, `upgrade it to ${MAJOR_MIN} or newer`)
  }
  const off = DURABLE.filter((name) => !isDurable(name, server.settings[name]))
  if (off.length > 0) {
    const found = off.map((name) => `${name} is ${server.settings[name] ?? 'unknown'}`).join(', ')
    const orders = off.map((name) => `ALTER SYSTEM SET ${name} = on;`).join(' ')
    throw new Fault(
      'fsync_off',
      `this PostgreSQL may lose what it has confirmed (${found}); the journal cannot stand on it`,
      `run as its superuser: ${orders} SELECT pg_reload_conf();`,
    )
  }
}

/** Every level of `synchronous_commit` but `off` waits for the server's own disk. */
function isDurable(name: (typeof DURABLE)[number], value: string | undefined): boolean {
  return value === 'on' || (name === 'synchronous_commit' && ['local', 'remote_write', 'remote_apply'].includes(value ?? ''))
}
