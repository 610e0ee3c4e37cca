import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { type Cluster, openCluster } from '../../src/store/cluster/cluster.ts'
import { gone } from '../../src/store/cluster/postmaster.ts'
import { PROCESS_ROLES, type ProcessRole } from '../../src/store/grants.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openStorePool } from '../../src/store/open-pool.ts'
import { ORIGIN } from '../support/journal.ts'
import { runs } from '../support/processes.ts'

const DATABASE = 'gatehouse'
const UP_WITHIN_MS = 90_000
const STUCK_AFTER_MS = 10_000

/** A process of PostgreSQL's: `writer …` for the connection of one, else what the server calls it (`checkpointer`, `walwriter`, …). */
export type ServerProcess = { readonly pid: number; readonly name: string }

/** The embedded PostgreSQL that the house ships, to be crashed. Its address stays the same over every restart. */
export type Server = {
  readonly url: (role: ProcessRole) => string
  readonly sql: <Row extends pg.QueryResultRow>(text: string) => Promise<readonly Row[]>
  readonly folder: string
  readonly postmaster: () => number
  readonly processes: () => Promise<readonly ServerProcess[]>
  /** Every process of the server, told by the system. The postmaster is the last. */
  readonly pids: () => readonly number[]
  /** Waits until it takes connections, and starts it where it is gone. Resolves with how many starts that took. */
  readonly up: () => Promise<number>
  /** How often it stood there recovering with no process that recovers, and was killed to be started anew: strace had taken that one's last word. */
  readonly stuck: () => number
  readonly stop: () => Promise<void>
}

export async function startServer(dataFolder: string): Promise<Server> {
  const open = (): Promise<Cluster> => openCluster({ dataFolder, say: () => undefined })
  let cluster = await open()
  const roles = { gate: cluster.secret('gate'), apply: cluster.secret('apply'), sign: cluster.secret('sign'), archive: cluster.secret('archive') }
  await migrate({ admin: cluster.superuser, database: DATABASE, roles, logOrigin: ORIGIN })
  const { superuser } = cluster
  const admin = openStorePool({ ...superuser, database: DATABASE, max: 2, application_name: 'crash admin', connectionTimeoutMillis: 3000 })
  const sql: Server['sql'] = async <Row extends pg.QueryResultRow>(text: string) => (await admin.query<Row>(text)).rows
  let stuck = 0
  const answers = (): Promise<boolean> =>
    sql('select 1').then(
      () => true,
      () => false,
    )

  return {
    url: (role) => cluster.url(DATABASE, PROCESS_ROLES[role], roles[role]),
    sql,
    folder: join(dataFolder, 'cluster'),
    postmaster: () => cluster.pid,
    processes: () =>
      sql(`select pid, case when application_name like 'writer%' then application_name else backend_type end as name from pg_stat_activity
        where pid <> pg_backend_pid() order by backend_start`),
    pids: () => [...childrenOf(cluster.pid), cluster.pid],
    up: async () => {
      let starts = 0
      for (let [from, began] = [performance.now(), performance.now()]; !(await answers()); await pause(20)) {
        if (performance.now() > from + UP_WITHIN_MS) throw new Error(`PostgreSQL does not come up again:\n${lastLines(join(dataFolder, 'postgres.log'))}`)
        if (runs(cluster.pid) && isStuck(cluster.pid, performance.now() - began)) {
          stuck++
          // Its children go with it by themselves.
          process.kill(cluster.pid, 'SIGKILL')
          await gone(cluster.pid, 10)
        }
        if (runs(cluster.pid)) continue
        began = performance.now()
        starts++
        await cluster.stop()
        // Its last processes may hold the shared memory for a moment; it then does not start, and is started again.
        cluster = await open().catch(() => cluster)
      }
      return starts
    },
    stuck: () => stuck,
    stop: async () => {
      await admin.end()
      await cluster.stop()
      await gone(cluster.pid, 30)
    },
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Not taking connections for long, and nobody is at work on it. */
const isStuck = (postmaster: number, ms: number): boolean => ms > STUCK_AFTER_MS && !childrenOf(postmaster).some((pid) => commandOf(pid).includes('startup'))

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

const lastLines = (path: string): string => readFileSync(path, 'utf8').trimEnd().split('\n').slice(-12).join('\n')
