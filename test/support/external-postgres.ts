import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { findBinaries } from '../../src/store/cluster/binaries.ts'
import type { Connection } from '../../src/store/cluster/cluster.ts'
import { runAs } from '../../src/store/cluster/initialise.ts'
import { chooseOsUser } from '../../src/store/cluster/os-user.ts'

/** A PostgreSQL that is not ours, as a company has one: Debian's where it is installed (15 or newer), else the packaged programs. No setting of ours. */
export type ExternalPostgres = {
  readonly version: string
  readonly superuser: Connection
  readonly sql: (text: string, database?: string) => Promise<pg.QueryResult>
  readonly stop: () => Promise<void>
}

const DEBIAN = '/usr/lib/postgresql'

/** In an owner-only folder under this one, which PostgreSQL's user may pass through; on a socket alone. */
export async function startExternalPostgres(place: string): Promise<ExternalPostgres> {
  const folder = join(place, 'theirs')
  const user = chooseOsUser({ dataFolder: folder, say: () => undefined })
  mkdirSync(folder, { mode: 0o700 })
  if (user.switched) chownSync(folder, user.uid, user.gid)
  const { initdb, postgres } = debian() ?? findBinaries({ dataFolder: folder, user, say: () => undefined })
  const password = randomBytes(24).toString('base64url')
  const [data, passwordFile] = [join(folder, 'data'), join(folder, 'pw')]
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user.switched) chownSync(passwordFile, user.uid, user.gid)
  const as = { ...runAs(user), cwd: dirname(initdb) }
  execFileSync(initdb, ['-D', data, '--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', '--username=dba', `--pwfile=${passwordFile}`], {
    ...as,
    stdio: 'pipe',
  })
  rmSync(passwordFile)
  const server = spawn(postgres, ['-D', data, '-c', 'listen_addresses=', '-c', `unix_socket_directories=${folder}`], { ...as, stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))

  const superuser: Connection = { host: folder, port: 5432, user: 'dba', password, database: 'postgres' }
  const sql: ExternalPostgres['sql'] = async (text, database = 'postgres') => {
    const client = new pg.Client({ ...superuser, database })
    await client.connect()
    try {
      return await client.query(text)
    } finally {
      await client.end()
    }
  }
  const version = await firstAnswer(() => sql('show server_version'))
  return {
    version: String(version.rows[0]?.server_version),
    superuser,
    sql,
    stop: async () => {
      server.kill('SIGINT')
      await ended
    },
  }
}

function debian(): { readonly initdb: string; readonly postgres: string } | null {
  const majors = existsSync(DEBIAN)
    ? readdirSync(DEBIAN)
        .map(Number)
        .filter((major) => major >= 15)
    : []
  const newest = Math.max(...majors)
  const at = (name: string): string => join(DEBIAN, String(newest), 'bin', name)
  return existsSync(at('postgres')) ? { initdb: at('initdb'), postgres: at('postgres') } : null
}

async function firstAnswer<T>(ask: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + 20_000; ; await pause(50)) {
    try {
      return await ask()
    } catch (cause) {
      if (performance.now() > until) throw cause
    }
  }
}
