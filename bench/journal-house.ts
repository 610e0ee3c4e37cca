import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import type { EntryStore } from '../src/journal/entry-store.ts'
import { openSignerKey } from '../src/journal/key.ts'
import { type Journal, openJournal } from '../src/journal/open.ts'
import { signCheckpoint } from '../src/journal/sign.ts'
import { fileSigner } from '../src/journal/signer.ts'
import { signerStateFile } from '../src/journal/signer-state.ts'
import { formatVkey } from '../src/log/note-key.ts'
import { type Connection, openCluster } from '../src/store/cluster/cluster.ts'
import { PROCESS_ROLES } from '../src/store/grants.ts'
import { journalStore } from '../src/store/journal-store.ts'
import { migrate } from '../src/store/migrate.ts'
import { openAppendPool, openStorePool } from '../src/store/open-pool.ts'

/** An empty journal on an embedded PostgreSQL of its own, as the gate has it, with its signer. */
export type JournalHouse = {
  readonly store: EntryStore
  /** The gate's way to it, with its password. */
  readonly url: string
  readonly superuser: Connection
  readonly open: () => Journal
  /** The log's key in its text form. */
  readonly vkey: string
  readonly sign: () => Promise<void>
  /** Puts on disk what appends left in the server's memory and the system's: to write that back would else fall on whatever is measured next. */
  readonly settle: () => Promise<void>
  readonly drop: () => Promise<void>
}

const ORIGIN = 'gatehouse.bench/journal'

export async function raiseJournal(folder: string): Promise<JournalHouse> {
  const cluster = await openCluster({ dataFolder: join(folder, 'data'), say: () => undefined })
  const roles = Object.fromEntries(Object.keys(PROCESS_ROLES).map((role) => [role, cluster.secret(`db-${role}`)])) as Record<keyof typeof PROCESS_ROLES, string>
  await migrate({ admin: cluster.superuser, roles, logOrigin: ORIGIN })
  const url = cluster.url('gatehouse', PROCESS_ROLES.gate, roles.gate)
  const pool = openStorePool({ connectionString: url, max: 2 })
  const appending = openAppendPool({ connectionString: url })
  const signing = openStorePool({ connectionString: cluster.url('gatehouse', PROCESS_ROLES.sign, roles.sign), max: 2 })
  const store = journalStore({ pool, appending })
  const key = await openSignerKey({ path: join(folder, 'signer.key'), origin: ORIGIN, random: (bytes) => randomBytes(bytes) })
  const state = signerStateFile(join(folder, 'signer.state'))
  return {
    store,
    url,
    superuser: cluster.superuser,
    vkey: formatVkey(key),
    open: () => openJournal({ store, clock: Date.now, node: 'gate', timeoutMs: 60_000 }),
    sign: async () => void (await signCheckpoint({ store: journalStore({ pool: signing }), signer: fileSigner(key), state })),
    settle: async () => {
      const client = new pg.Client(cluster.superuser)
      await client.connect()
      await client.query('checkpoint')
      await client.end()
    },
    drop: async () => {
      await Promise.all([pool.end(), appending.end(), signing.end()])
      await cluster.stop()
    },
  }
}
