import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toBase64 } from '../../src/base/bytes.ts'
import { openJournal } from '../../src/journal/open.ts'
import type { Receipt } from '../../src/journal/record.ts'
import { verifyJournal } from '../../src/journal/verify.ts'
import { signerKey } from '../../src/log/note-key.ts'
import { type Cluster, openCluster } from '../../src/store/cluster/cluster.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { migrate } from '../../src/store/migrate.ts'
import { appendingTo, entry, ORIGIN, poolOf } from '../support/journal.ts'

const CRASHES = 5
const RECORDERS = 16

describe('the journal while its PostgreSQL crashes', () => {
  let cluster: Cluster
  let [gate, appending, applier, admin] = [] as unknown as [pg.Pool, pg.Pool, pg.Pool, pg.Pool]
  beforeAll(async () => {
    cluster = await openCluster({ dataFolder: mkdtempSync(join(tmpdir(), 'gatehouse-crash-')), say: () => undefined })
    const roles = { gate: cluster.secret('gate'), apply: cluster.secret('apply'), sign: cluster.secret('sign'), archive: cluster.secret('archive') }
    await migrate({ admin: cluster.superuser, roles, logOrigin: ORIGIN })
    gate = poolOf(cluster.url('gatehouse', 'gatehouse_gate', roles.gate))
    appending = appendingTo(cluster.url('gatehouse', 'gatehouse_gate', roles.gate))
    applier = poolOf(cluster.url('gatehouse', 'gatehouse_apply', roles.apply))
    admin = poolOf(cluster.url('gatehouse', cluster.superuser.user, cluster.superuser.password))
  })
  afterAll(async () => {
    await Promise.all([gate.end(), appending.end(), applier.end(), admin.end()])
    await cluster.stop()
    rmSync(cluster.dataFolder, { recursive: true, force: true })
  })

  it('keeps all it confirmed, nothing twice, and heals by itself, with two processes appending', { timeout: 120_000 }, async () => {
    const store = journalStore({ pool: gate, appending })
    const nodes = [store, journalStore({ pool: applier })].map((each, i) => openJournal({ store: each, clock: Date.now, node: `node-${i}` }))
    const told = new Map<number, Receipt>()
    const refused: unknown[] = []
    const stop = new AbortController()
    let [asked, twice] = [0, 0]

    async function recordOn(node: number): Promise<void> {
      while (!stop.signal.aborted) {
        const outcome = await nodes[node]?.record(entry(asked++))
        if (outcome?.ok) {
          twice += told.has(outcome.value.index) ? 1 : 0
          told.set(outcome.value.index, outcome.value)
        } else {
          refused.push(outcome?.refusal.code)
          await pause(5)
        }
      }
    }

    const recorders = Array.from({ length: RECORDERS }, (_, i) => recordOn(i % 2))
    for (let crash = 0; crash < CRASHES; crash++) {
      const before = told.size
      while (told.size < before + 200) await pause(5)
      await crashServer(admin)
    }
    const healed = told.size
    while (told.size < healed + 200) await pause(5)
    stop.abort()
    await Promise.all(recorders)

    const stored = new Map<number, string>()
    for (let page = await store.read(0, 5000); page.length > 0; page = await store.read(stored.size, 5000))
      for (const { index, leaf } of page) stored.set(index, toBase64(leaf))
    expect(twice).toBe(0)
    expect(new Set(refused)).toEqual(new Set(['journal_unavailable']))
    for (const { index, leaf } of told.values()) expect(stored.get(index)).toBe(leaf)
    // Each entry was asked for once and says its number: refused ones may have landed, none may have landed twice.
    expect(new Set(stored.values()).size).toBe(stored.size)
    expect(await verifyJournal({ store, vkey: signerKey(ORIGIN, new Uint8Array(32)), tail: 'unsigned' })).toMatchObject({ ok: true, size: stored.size })
  })
})

/** Kills the backend of a connection as the kernel would: the server then drops everybody, replays its log and starts anew. */
async function crashServer(admin: pg.Pool): Promise<void> {
  const { rows } = await admin.query<{ readonly pid: number }>(`select pid from pg_stat_activity where usename = 'gatehouse_gate' limit 1`)
  const pid = rows[0]?.pid
  if (pid === undefined) throw new Error('nobody is connected')
  process.kill(pid, 'SIGKILL')
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
