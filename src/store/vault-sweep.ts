import { setTimeout as pause } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import type { Unswept } from '../journal/vault/vault-store.ts'

/** The tables of keys are small, and written anew: no dead row with a key in it stays in their files. Of the ciphertexts only the dead rows go. */
const SWEEPS = ['vacuum (full, verbose) vault_key', 'vacuum (full, verbose) vault_subject', 'vacuum payload', 'checkpoint']

type Notice = { readonly code?: string | undefined; readonly detail?: string | undefined }

/** SQLSTATE: the classes of warnings, and of a disk or memory that is full; and a statement that ran out of its time. */
const [WARNING, RESOURCES, CANCELED] = ['01', '53', '57014']

/** What an ask holds is let go within that; what a backup holds is not waited for: whoever asks for a key would wait behind us. */
const WAIT_MS = 2000

/** The port's `sweep`. */
export async function sweep(pool: Pool): Promise<readonly Unswept[]> {
  const client = await pool.connect()
  try {
    await client.query(`set lock_timeout = ${WAIT_MS}`)
    const left: Unswept[] = []
    for (const sql of SWEEPS) {
      const why = await lastHindrance(client, sql)
      if (why !== null) left.push({ sql: sql.replace(', verbose', ''), why })
    }
    return left
  } finally {
    // Not to be used again: its setting is none of the pool's.
    client.release(true)
  }
}

async function lastHindrance(client: PoolClient, sql: string): Promise<Unswept['why'] | null> {
  for (const until = performance.now() + WAIT_MS; ; await pause(100)) {
    const why = await hindrance(client, sql)
    if (why !== 'in_use' || performance.now() > until) return why
  }
}

/** PostgreSQL passes over a table that is not the role's with a warning, tells of dead rows that it had to keep, and refuses a checkpoint. Judged by SQLSTATE: a severity is a word of the server's language. */
async function hindrance(client: PoolClient, sql: string): Promise<Unswept['why'] | null> {
  const heard: Notice[] = []
  const hear = (notice: Notice): void => void heard.push(notice)
  client.on('notice', hear)
  try {
    await client.query(sql)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (code === '42501') return 'forbidden'
    if (code === '55P03') return 'in_use'
    if (code.startsWith(RESOURCES) || code === CANCELED) return 'broken_off'
    throw cause
  } finally {
    client.off('notice', hear)
  }
  if (heard.some(({ code }) => code?.startsWith(WARNING))) return 'forbidden'
  return heard.some(({ detail }) => keptRows(detail) > 0) ? 'in_use' : null
}

/** Of `3 dead row versions cannot be removed yet.`, in whatever language the server speaks. */
const keptRows = (detail = ''): number => Number(/\d+/.exec(detail.split('\n', 1)[0] ?? '')?.[0] ?? 0)
