import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { Fault } from '../../model/fault.ts'
import { findBinaries, removeDrafts } from './binaries.ts'
import { checkDataFolder, isOlder, prepareDataFolder } from './data-folder.ts'
import { freePort } from './free-port.ts'
import { type Hold, takeHold } from './hold.ts'
import { initialise, SUPERUSER } from './initialise.ts'
import { chooseOsUser } from './os-user.ts'
import { clearDead, gone, type Place, type Postmaster, readPostmaster, startPostmaster, stopPostmaster } from './postmaster.ts'
import { secret } from './secrets.ts'
import { makeSocketFolder, removeSocketFolder } from './socket-folder.ts'

/** How to reach a database of a server: what `pg` wants, nothing left to the environment. */
export type Connection = { readonly host: string; readonly port: number; readonly user: string; readonly password: string; readonly database: string }

/** A private PostgreSQL of ours, running, with this process as its one supervisor. */
export type Cluster = {
  readonly dataFolder: string
  /** It was found running: its supervisor had died without stopping it. */
  readonly adopted: boolean
  readonly pid: number
  readonly superuser: Connection
  readonly connection: (database: string, role: string, password: string) => Connection
  /** The same as a URL; it holds the password, so it is never an argument of a process nor in a log. */
  readonly url: (database: string, role: string, password: string) => string
  /** The secret of that name, kept owner-only in the data folder: made once, the same ever after. */
  readonly secret: (name: string) => string
  /** Cuts all sessions, waits until the server is gone. Safe to call twice. */
  readonly stop: () => Promise<void>
}

/**
 * Opens the cluster in the data folder: made at the first start, started, or adopted when it was left running. Faults, before anything is harmed:
 * `data_newer`, `data_unreachable`, `data_in_use` (another supervisor lives), `postgres_missing`.
 */
export async function openCluster(asked: { readonly dataFolder: string; readonly say: (line: string) => void }): Promise<Cluster> {
  const { say } = asked
  const dataFolder = resolve(asked.dataFolder)
  checkDataFolder(dataFolder)
  const user = chooseOsUser({ dataFolder, say })
  if (user.switched && isOlder(dataFolder)) await stopOlder({ dataFolder, user, binaries: findBinaries({ dataFolder, user, say }) })
  prepareDataFolder(dataFolder, user)
  const place: Place = { dataFolder, user, binaries: findBinaries({ dataFolder, user, say }) }
  const password = secret(dataFolder, 'superuser')
  await initialise({ ...place, password, say })
  const { postmaster, hold, adopted } = await startOrAdopt(place, password)
  if (adopted) say(`found PostgreSQL still running (process ${postmaster.pid}) and took it over`)
  removeDrafts(dataFolder)

  const connection = (database: string, role: string, secretWord: string): Connection => ({
    host: postmaster.host,
    port: postmaster.port,
    user: role,
    password: secretWord,
    database,
  })
  let stopping: Promise<void> | null = null
  return {
    dataFolder,
    adopted,
    pid: postmaster.pid,
    superuser: connection('postgres', SUPERUSER, password),
    connection,
    url: (database, role, secretWord) => toUrl(connection(database, role, secretWord)),
    secret: (name) => secret(dataFolder, name),
    stop: () => (stopping ??= stop(place, postmaster, hold)),
  }
}

const toUrl = ({ host, port, user, password, database }: Connection): string =>
  `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${encodeURIComponent(host)}:${port}/${encodeURIComponent(database)}`

async function stop(place: Place, postmaster: Postmaster, hold: Hold): Promise<void> {
  await hold.release()
  await stopPostmaster(place, postmaster)
  removeSocketFolder(place.dataFolder, postmaster.host)
}

/** A server that an older version left running goes before its folder is taken from it: it is not in the group that may pass through. */
async function stopOlder(place: Place): Promise<void> {
  const found = readPostmaster(place.dataFolder)
  if (found === null) return
  // Whosever it is by now: it opens their own server to them, and nothing else.
  const password = readFileSync(join(place.dataFolder, 'secrets', 'superuser'), 'utf8')
  if (!(await answers(found, password))) return
  const { hold } = await held(place, found, password, true)
  await stop(place, found, hold)
}

type Started = { readonly postmaster: Postmaster; readonly hold: Hold; readonly adopted: boolean }

async function startOrAdopt(place: Place, password: string): Promise<Started> {
  const found = readPostmaster(place.dataFolder)
  if (found !== null && (await answers(found, password))) return held(place, found, password, true)
  if (found !== null) await gone(found.pid, 1)
  clearDead(place.dataFolder)
  const at = process.platform === 'win32' ? { host: '127.0.0.1', port: await freePort() } : { host: makeSocketFolder(place.dataFolder, place.user), port: 5432 }
  const started = await startPostmaster(place, at)
  if (started !== null) return held(place, started, password, false)
  const other = await othersReady(place.dataFolder)
  if (other === null) throw inUse(place)
  return held(place, other, password, true)
}

/** The server another start is bringing up, once it takes connections: before that it would seem to shut us out. */
async function othersReady(dataFolder: string): Promise<Postmaster | null> {
  for (const until = performance.now() + 15_000; performance.now() < until; await new Promise((wake) => setTimeout(wake, 20))) {
    const other = readPostmaster(dataFolder)
    if (other === null || other.ready) return other
  }
  return null
}

async function held(place: Place, postmaster: Postmaster, password: string, adopted: boolean): Promise<Started> {
  const hold = await takeHold({ ...postmasterConnection(postmaster), password }, 2).catch(async (cause: unknown) => {
    if (!adopted) await stopPostmaster(place, postmaster)
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Fault(
      'data_unreachable',
      `PostgreSQL in \`${place.dataFolder}\` runs but does not let us in: ${reason}`,
      'restore the folder `secrets` that belongs to it',
      {
        cause,
      },
    )
  })
  if (hold === null) throw inUse(place)
  return { postmaster, hold, adopted }
}

const inUse = ({ dataFolder }: Place): Fault =>
  new Fault('data_in_use', `another Gatehouse is running on \`${dataFolder}\``, 'stop it first (Ctrl-C in its terminal), or name another folder with --data')

const postmasterConnection = ({ host, port }: Postmaster) => ({ host, port, user: SUPERUSER, database: 'postgres' })

/**
 * Whether the server that the pid file names takes our connection. One that is starting or stopping is waited for; a pid file whose process is
 * gone, or is another program's by now, does not answer, and PostgreSQL clears it by itself when started.
 */
async function answers(postmaster: Postmaster, password: string): Promise<boolean> {
  for (const until = performance.now() + 15_000; ; await new Promise((wake) => setTimeout(wake, 50))) {
    const client = new pg.Client({ ...postmasterConnection(postmaster), password, connectionTimeoutMillis: 5000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return true
    } catch (cause) {
      const comingOrGoing = (cause as { readonly code?: string }).code === '57P03'
      if (!comingOrGoing || performance.now() > until) return false
    }
  }
}
