import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import type { Entry } from '../../src/journal/entry.ts'
import type { EntryStore } from '../../src/journal/entry-store.ts'
import { openSignerKey } from '../../src/journal/key.ts'
import { type Journal, openJournal } from '../../src/journal/open.ts'
import { signCheckpoint } from '../../src/journal/sign.ts'
import { fileSigner } from '../../src/journal/signer.ts'
import { type SignerState, signerStateFile } from '../../src/journal/signer-state.ts'
import type { SignerKey } from '../../src/log/note-key.ts'
import type { ProcessRole } from '../../src/store/grants.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { openAppendPool, openStorePool } from '../../src/store/open-pool.ts'
import { pruneTo } from '../../src/store/pruned-store.ts'
import { freshDatabase } from './database.ts'

/** An empty journal of a test's own, on the real PostgreSQL, with a signer whose files are real. */
export type FreshJournal = {
  /** As the gate has it. */
  readonly store: EntryStore
  readonly journal: Journal
  readonly key: SignerKey
  readonly state: SignerState
  readonly folder: string
  readonly sign: () => ReturnType<typeof signCheckpoint>
  /** Records `count` entries, all of which must succeed. */
  readonly fill: (count: number) => Promise<void>
  /** Takes entries below this out of the table, as its owner does, and says nothing of it in the journal. */
  readonly prune: (to: number, from?: number) => Promise<void>
  /** Where a process's role finds it. */
  readonly roleUrl: (role: ProcessRole) => string
  /** As the database's administrator, whom nothing binds. */
  readonly sql: (text: string, values?: readonly unknown[]) => Promise<pg.QueryResult>
  readonly close: () => Promise<void>
}

export const ORIGIN = 'gatehouse.test/log'

/** An entry of some size and no meaning. */
export const entry = (n: number): Entry => ({ kind: 'ask.answered', outcome: 'done', session: `ses-${n}`, operation: 'getShipmentSummary', detail: { n } })

export async function freshJournal(): Promise<FreshJournal> {
  const database = await freshDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-journal-'))
  const pools = [poolOf(database.roleUrl('gate')), poolOf(database.roleUrl('sign')), poolOf(database.url)] as const
  const [gate, signing, admin] = pools
  const appending = appendingTo(database.roleUrl('gate'))
  const store = journalStore({ pool: gate, appending })
  const journal = openJournal({ store, clock: () => Date.UTC(2026, 8, 1), node: 'test' })
  const key = await openSignerKey({ path: join(folder, 'signer.key'), origin: ORIGIN, random: randomBytes })
  const state = signerStateFile(join(folder, 'signer.state'))
  return {
    store,
    journal,
    key,
    state,
    folder,
    sign: () => signCheckpoint({ store: journalStore({ pool: signing }), signer: fileSigner(key), state }),
    fill: async (count) => {
      const recorded = await Promise.all(Array.from({ length: count }, (_, n) => journal.record(entry(n))))
      if (!recorded.every(({ ok }) => ok)) throw new Error('the journal refused')
    },
    prune: (to, from = 0) => pruneTo(admin)(from, to),
    roleUrl: database.roleUrl,
    sql: (text, values = []) => admin.query(text, [...values]),
    close: async () => {
      await journal.drain()
      await Promise.all([...pools, appending].map((pool) => pool.end()))
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The journal's connection for appends, as the house opens it. */
export const appendingTo = (connectionString: string): pg.Pool => openAppendPool({ connectionString })

export function poolOf(connectionString: string): pg.Pool {
  const pool = openStorePool({ connectionString, max: 4 })
  return pool
}
