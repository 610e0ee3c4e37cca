import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { loadTms } from '../../src/bin/pilot/tms.ts'
import { type Cluster, type Connection, openCluster } from '../../src/store/cluster/cluster.ts'
import { partUser } from '../../src/store/cluster/os-user.ts'
import { guestDatabase } from '../../src/store/guest.ts'
import { migrate } from '../../src/store/migrate.ts'
import { seedPilot } from '../../src/synth/seed.ts'
import { TMS_OWNER } from '../../src/synth/tms.ts'
import { serversFolder } from './in-memory.ts'

/** What a test file needs to make databases of its own on the run's one server. */
export type Shared = {
  readonly superuser: Connection
  readonly passwords: {
    readonly gate: string
    readonly apply: string
    readonly sign: string
    readonly archive: string
    readonly tms_read: string
    readonly tms_write: string
  }
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly databaseSocket: string
  }
}

/** The database that `freshDatabase` copies. */
export const TEMPLATE = 'gatehouse_template'

/** The database that `freshTms` copies, with the generated company in it. */
export const TMS_TEMPLATE = 'tms_template'

/**
 * One PostgreSQL for a run of the tests, started when the first test asks for it, stopped when the run ends. Test files reach it through a socket
 * in an owner-only folder, whose path vitest hands them.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  const compiled = compiledFolder()
  process.env['NODE_COMPILE_CACHE'] = compiled
  let started: Promise<Started> | null = null
  let seeded: Promise<void> | null = null
  let laid: Promise<string> | null = null
  const server = createServer((request, response) => {
    if (request.url === '/pilot') return answer((laid ??= layPilot()), response)
    const running = (started ??= start())
    const ready = request.url === '/tms' ? (seeded ??= running.then(seedTms)) : Promise.resolve()
    answer(
      ready.then(async () => (await running).shared),
      response,
    )
  })
  const socket = join(folder, 'ask')
  await new Promise<void>((listening) => server.listen(socket, listening))
  project.provide('databaseSocket', socket)
  return async () => {
    server.close()
    const running = await started?.catch(() => null)
    await running?.cluster.stop()
    if (running) rmSync(running.cluster.dataFolder, { recursive: true, force: true })
    const pilot = await laid?.catch(() => null)
    for (const made of [folder, compiled, ...(pilot ? [dirname(pilot)] : [])]) rmSync(made, { recursive: true, force: true })
  }
}

const answer = (found: Promise<unknown>, response: ServerResponse): void =>
  void found.then(
    (value) => response.end(JSON.stringify(value)),
    (cause: unknown) => response.writeHead(500).end(String(cause)),
  )

/**
 * Where every process of this run keeps what it compiled, of the run alone: what lies there is run. A house of root's has a user for each part, who may
 * write there too; nobody else may.
 */
function compiledFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-compiled-'))
  if (process.getuid?.() !== 0) return folder
  chownSync(folder, 0, partUser('gate', () => undefined).gid)
  chmodSync(folder, 0o1770)
  return folder
}

/** The data folder of a pilot that stopped once its TMS was loaded: what a first start makes before anything of ours. The houses that tests share begin with a copy. */
async function layPilot(): Promise<string> {
  const [place, say] = [mkdtempSync(join(serversFolder(), 'gatehouse-test-')), () => undefined]
  // PostgreSQL's user may pass through.
  chmodSync(place, 0o711)
  const dataFolder = join(place, 'data')
  const cluster = await openCluster({ dataFolder, say })
  try {
    await loadTms(cluster, { dataFolder, say })
  } finally {
    await cluster.stop()
  }
  return dataFolder
}

type Started = { readonly cluster: Cluster; readonly shared: Shared }

async function seedTms({ cluster, shared: { passwords } }: Started): Promise<void> {
  const logins = { tms_read: passwords.tms_read, tms_write: passwords.tms_write }
  await guestDatabase({ admin: cluster.superuser, database: TMS_TEMPLATE, owner: TMS_OWNER, logins })
  await seedPilot({ owner: { ...cluster.superuser, database: TMS_TEMPLATE }, onProgress: () => undefined })
}

async function start(): Promise<Started> {
  const cluster = await openCluster({ dataFolder: mkdtempSync(join(serversFolder(), 'gatehouse-db-')), say: () => undefined })
  const roles = { gate: cluster.secret('gate'), apply: cluster.secret('apply'), sign: cluster.secret('sign'), archive: cluster.secret('archive') }
  await migrate({ admin: cluster.superuser, database: TEMPLATE, roles, logOrigin: 'gatehouse.test/log' })
  const passwords = { ...roles, tms_read: cluster.secret('tms_read'), tms_write: cluster.secret('tms_write') }
  return { cluster, shared: { superuser: cluster.superuser, passwords } }
}
