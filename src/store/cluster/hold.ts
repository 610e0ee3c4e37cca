import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

/** The advisory lock of the one supervisor of a cluster, in the database `postgres`. Any number does; this one is ours for good. */
const SUPERVISOR_LOCK = 7_170_233_001

/** A cluster's one supervisor. `release` lets another one in. */
export type Hold = { readonly release: () => Promise<void> }

/**
 * Takes the supervisor's lock for as long as this process lives, or returns null when another process has it. Tried for a short while: the lock
 * of a supervisor killed just now falls when its server notices. Should the connection break, the lock is taken again, silently.
 */
export async function takeHold(connection: pg.ClientConfig, seconds: number): Promise<Hold | null> {
  for (const until = performance.now() + seconds * 1000; ; await pause(100)) {
    const client = await tryLock(connection)
    if (client !== null) return keep(connection, client)
    if (performance.now() >= until) return null
  }
}

async function tryLock(connection: pg.ClientConfig): Promise<pg.Client | null> {
  const client = new pg.Client(connection)
  // The server may crash again under this very connection: whoever waits is told, and the process lives on.
  client.on('error', () => undefined)
  await client.connect()
  const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [SUPERVISOR_LOCK])
  if (rows[0]?.held) return client
  await client.end()
  return null
}

function keep(connection: pg.ClientConfig, first: pg.Client): Hold {
  let client = first
  let released = false
  const again = (): void => {
    if (released) return
    setTimeout(() => {
      if (!released) tryLock(connection).then((next) => (next === null ? again() : watch(next)), again)
    }, 500).unref()
  }
  const watch = (held: pg.Client): void => {
    client = held
    held.once('end', again)
  }
  watch(first)
  return {
    release: async () => {
      released = true
      await client.end().catch(() => undefined)
    },
  }
}
