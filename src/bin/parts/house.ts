import type pg from 'pg'
import { lru } from '../../base/lru.ts'
import { changeDigest } from '../../changes/change.ts'
import type { Config } from '../../config/config.ts'
import { type Environment, needed } from '../../config/environment.ts'
import { checkTail } from '../../journal/check-tail.ts'
import { type Cold, readBehind } from '../../journal/cold.ts'
import type { EntryStore } from '../../journal/entry-store.ts'
import { type Journal, openJournal } from '../../journal/open.ts'
import { sessionTokens, type Tokens } from '../../mask/token.ts'
import { Fault } from '../../model/fault.ts'
import { changeStore } from '../../store/change-store.ts'
import { checkServer } from '../../store/check-server.ts'
import { bulkRead } from '../../store/journal-bulk.ts'
import { journalStore } from '../../store/journal-store.ts'
import { openAppendPool, openStorePool } from '../../store/open-pool.ts'
import { prunedSize } from '../../store/pruned-store.ts'
import { bytesOf, publishedAt } from './published.ts'
import { pagedRandom } from './random.ts'

/** What every part of the house stands on: configuration, our database with the journal in it. */
export type House = {
  readonly config: Config
  readonly pool: pg.Pool
  readonly entries: EntryStore
  readonly journal: Journal
  readonly changes: ReturnType<typeof changeStore>
  readonly close: () => Promise<void>
}

/** Connects as the role of `DATABASE_URL` and looks at the server before anything else. `node` names this process in its entries. */
export async function openHouse(
  config: Config,
  environment: Environment,
  node: string,
  { recordWithinMs }: { readonly recordWithinMs?: number } = {},
): Promise<House> {
  const url = needed(environment, 'DATABASE_URL', "Gatehouse's own database, as this process's role")
  const pool = poolOf(url, `gatehouse ${node}`, 10)
  // The journal has connections of its own: an ask waiting for a row must not hold up the entry of another.
  const journalPool = poolOf(url, `gatehouse ${node} journal`, 2)
  // In a pipeline the driver takes no reads in bulk, so the appends have one to themselves.
  const appending = openAppendPool(settingsOf(url, `gatehouse ${node} appending`))
  await checkReached(pool)
  const published = publishedAt(config)
  const entries = journalEntries(journalPool, bytesOf(published.objects), appending)
  if (node !== 'sign') await checkTail(entries)
  const journal = openJournal({
    store: entries,
    clock: Date.now,
    node,
    ...(recordWithinMs === undefined ? {} : { timeoutMs: recordWithinMs }),
    onTrouble: (cause) => complain(node, cause),
  })
  return {
    config,
    pool,
    entries,
    journal,
    changes: changeStore(pool, changeDigest),
    close: async () => {
      await journal.drain()
      await Promise.all([pool.end(), journalPool.end(), appending.end()])
      published.close()
    },
  }
}

/** The journal's tables alone, for a part that reads them and records nothing. */
export async function openEntries(environment: Environment, node: string): Promise<Pick<House, 'entries' | 'pool' | 'close'>> {
  const pool = poolOf(needed(environment, 'DATABASE_URL', "Gatehouse's own database, as this process's role"), `gatehouse ${node}`, 4)
  await checkReached(pool)
  return { pool, entries: { ...journalStore({ pool }), read: bulkRead({ pool }) }, close: () => pool.end() }
}

/** What follows the journal reads all of it, wherever it lies. */
export const journalEntries = (pool: pg.Pool, get: Cold['get'], appending = pool): EntryStore => ({
  ...journalStore({ pool, appending }),
  read: readBehind(bulkRead({ pool }), { prunedSize: prunedSize(pool), get }),
})

export const newRandom = pagedRandom()

/** Tokens of each session, the keys kept for those that ask now. */
export function tokenKeys(root: Uint8Array): (session: string) => Tokens {
  const known = lru<string, Tokens>(2000)
  return (session) => {
    const held = known.get(session)
    if (held) return held
    const fresh = sessionTokens(root, session)
    known.set(session, fresh)
    return fresh
  }
}

const poolOf = (url: string, name: string, max: number): pg.Pool => openStorePool({ ...settingsOf(url, name), max })

const settingsOf = (url: string, name: string): pg.PoolConfig => ({
  connectionString: url,
  application_name: name,
  connectionTimeoutMillis: 3000,
  query_timeout: 10_000,
})

/** That our database lets us in, and keeps what it says it keeps. Faults `postgres_unreachable`, `postgres_too_old`, `fsync_off`. */
export async function checkReached(pool: pg.Pool): Promise<void> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw new Fault(
      'postgres_unreachable',
      `our database cannot be reached: ${cause instanceof Error ? cause.message : 'no answer'}`,
      'check that it runs and that DATABASE_URL is right',
      { cause },
    )
  })
  try {
    await checkServer(client)
  } finally {
    client.release()
  }
}

/** The cause goes to the operator's log, without values: a message of the driver names tables and states, not rows. */
export const complain = (node: string, cause: unknown): void =>
  void process.stderr.write(`gatehouse ${node}: ${cause instanceof Error ? cause.message : String(cause)}\n`)
