import type { PoolConfig } from 'pg'
import type { Config } from '../config/config.ts'
import { Fault } from '../model/fault.ts'
import { OWNER, PROCESS_ROLES, type ProcessRole } from '../store/grants.ts'
import { becomeMember, migrate, onDatabase, withClient } from '../store/migrate.ts'
import { openStorePool } from '../store/open-pool.ts'
import { sealBefore } from '../store/seal-before.ts'
import { readerCredentials, writerCredentials } from './parts/bucket-credentials.ts'
import { DECISION_KEY, SIGNER_KEY } from './parts/keys.ts'
import { giveVkey } from './parts/place.ts'
import { masterKeyFrom, openHouseVault, VAULT_KEY } from './parts/vault.ts'
import { type PartName, type PartPlace, type PartPlaces, type Running, startPart } from './supervise.ts'

export type HouseToStart = {
  readonly config: Config
  readonly places: PartPlaces
  /** A PostgreSQL server's administrator, to build our database and its roles. */
  readonly adminUrl: string
  /** The password of a role of ours, always the same for a name. */
  readonly secret: (name: string) => string
  /** URLs of the sources by the variable their configuration names: the reading role's for the gate, the writing role's for the applier. */
  readonly sources: Readonly<Record<string, string | undefined>>
  readonly say: (line: string) => void
  /** Somebody says that the signer's key, which stands without its memory, has never signed. */
  readonly neverSigned?: boolean
}

export type RunningHouse = {
  /** Our database as a process's role. */
  readonly databaseUrl: (role: ProcessRole) => string
  readonly ready: Readonly<Record<string, string>>
  readonly pids: Readonly<Record<string, number>>
  /** Stops the gate, then the applier, the signer and the archive: what is under way is finished, answered, signed and published. */
  readonly stop: () => Promise<void>
  /** Resolves with what to tell the operator when a part ended that nobody told to: `journal_broken`, or `part_ended`. */
  readonly broken: Promise<Fault>
}

const DATABASE = 'gatehouse'

/** Builds our database if need be and starts each part as a process that holds its own secrets and no other's. Throws the first Fault, everything stopped again. */
export async function startHouse({ config, places, adminUrl, secret, sources, neverSigned = false }: HouseToStart): Promise<RunningHouse> {
  const roles = { gate: secret('db-gate'), apply: secret('db-apply'), sign: secret('db-sign'), archive: secret('db-archive') }
  await migrate({ admin: { connectionString: adminUrl }, database: DATABASE, roles, logOrigin: config.logOrigin })
  await sealWhatIsClear(onDatabase({ connectionString: adminUrl }, DATABASE), secret('vault'))
  const databaseUrl = (role: ProcessRole): string => roleUrl(adminUrl, role, roles[role])
  const pick = (kind: 'readUrl' | 'writeUrl') => Object.fromEntries(Object.values(config.systems).map((system) => [system[kind], sources[system[kind]] ?? '']))
  const reader = readerCredentials(config, process.env)
  const secrets = {
    gate: { DATABASE_URL: databaseUrl('gate'), [VAULT_KEY]: secret('vault'), ...pick('readUrl'), ...reader },
    apply: { DATABASE_URL: databaseUrl('apply'), [VAULT_KEY]: secret('vault'), ...pick('writeUrl'), ...reader },
    sign: { DATABASE_URL: databaseUrl('sign'), ...reader },
    archive: { DATABASE_URL: databaseUrl('archive'), ...writerCredentials(config, process.env) },
  }

  const running: Running[] = []
  let stopping = false
  const stop = async (): Promise<void> => {
    stopping = true
    for (const part of running.toReversed()) await part.stop()
  }
  try {
    // The signer first: the others pin its key. Then they at once; whichever fails, all are stopped.
    const sign = await startPart('sign', places.sign, secrets.sign, neverSigned ? ['--never-signed'] : [])
    running.push(sign)
    for (const part of ['gate', 'apply', 'archive'] as const) share(places.sign, places[part], `${SIGNER_KEY}.vkey`, sign.ready['vkey'])
    const started = await Promise.allSettled((['archive', 'apply', 'gate'] as const).map((part) => startPart(part, places[part], secrets[part])))
    for (const one of started) {
      if (one.status !== 'fulfilled') continue
      // The archive stops last: it publishes what the signer signs when it stops.
      if (one.value.name === 'archive') running.unshift(one.value)
      else running.push(one.value)
    }
    for (const one of started) if (one.status === 'rejected') throw one.reason
    share(places.gate, places.apply, `${DECISION_KEY}.vkey`, running.find(({ name }) => name === 'gate')?.ready['decisionsVkey'])
  } catch (cause) {
    await stop()
    throw cause
  }
  const broken = Promise.race(running.map(async ({ name, ended }) => ({ name, code: await ended }))).then(({ name, code }) =>
    stopping ? new Promise<Fault>(() => undefined) : faultOf(name, code),
  )
  return {
    databaseUrl,
    ready: Object.fromEntries(running.flatMap((part) => Object.entries(part.ready))),
    pids: Object.fromEntries(running.map(({ name, pid }) => [name, pid])),
    stop,
    broken,
  }
}

/** What an older version left in clear, as the owner of the tables. */
async function sealWhatIsClear(server: PoolConfig, vaultKey: string): Promise<void> {
  // Named, so that no change of the master key happens meanwhile (store/vault-rekeying.ts).
  const admin = { ...server, application_name: 'gatehouse start' }
  await withClient(admin, async (client) => {
    await becomeMember(client, OWNER)
    const pool = openStorePool({ ...admin, options: `-c role=${OWNER}`, max: 2 })
    try {
      await client.query(`set role ${OWNER}`)
      await sealBefore(client, (await openHouseVault(pool, masterKeyFrom(vaultKey))).vault)
    } finally {
      await pool.end()
    }
  })
}

/** A verifier key as its part told it, put where another part looks for it. Parts that share a folder have it already. */
function share(from: PartPlace, to: PartPlace, name: string, vkey: string | undefined): void {
  if (from.keys === to.keys) return
  if (vkey === undefined) throw new Error(`a part did not tell ${name}`)
  giveVkey(to.keys, name, `${vkey}\n`)
}

/** Our database on a server, as a process's role: the administrator's URL with another user, password and database. */
export function roleUrl(adminUrl: string, role: ProcessRole, password: string): string {
  const url = new URL(adminUrl)
  url.username = PROCESS_ROLES[role]
  url.password = encodeURIComponent(password)
  url.pathname = `/${DATABASE}`
  return url.href
}

function faultOf(name: PartName, code: number | null): Fault {
  const ended = `the ${name} process ended by itself`
  return code === 3
    ? new Fault('journal_broken', `${ended} (the journal does not fit what was signed)`, 'keep the database as it is, and run `gatehouse journal verify`')
    : new Fault('part_ended', `${ended} (${code === null ? 'by a signal' : `exit ${code}`})`, 'read the lines above, then start again')
}

/** Resolves at the first Ctrl-C or SIGTERM. Called before anything starts: what is half started then is taken down in order too. */
export const untilTold = (): Promise<null> =>
  new Promise((told) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => told(null))
  })

/** Runs until it is told, or until a part ends by itself; then stops in order. Throws the fault of a part that ended. */
export async function untilStopped(house: RunningHouse, told: Promise<null>, say: (line: string) => void): Promise<void> {
  const broke = await Promise.race([told, house.broken])
  say(broke === null ? 'stopping: the gate first, then the applier, the signer and the archive' : `stopping: ${broke.message}`)
  await house.stop()
  if (broke !== null) throw broke
}
