import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { checkTail } from '../../src/journal/check-tail.ts'
import type { Entry } from '../../src/journal/entry.ts'
import type { EntryStore } from '../../src/journal/entry-store.ts'
import { openJournal } from '../../src/journal/open.ts'
import { localMasterKey } from '../../src/journal/vault/master-key.ts'
import { openVault } from '../../src/journal/vault/vault.ts'
import { vaulted } from '../../src/journal/vault/vaulted.ts'
import { checkServer } from '../../src/store/check-server.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { openStorePool } from '../../src/store/open-pool.ts'
import { vaultStore } from '../../src/store/vault-store.ts'

const RECORDERS = 8
/** So many at once, now and then: two batches that are under way together. */
const CROWD = 16
const CROWD_EVERY_MS = 25
const REST_MS = 200
/** One for all writers of a journal. */
const MASTER = localMasterKey(new Uint8Array(32).fill(7))

/** Written whole before it returns: what was told stays told when the process is killed in the next instant. */
const tell = (line: string): void => void writeSync(1, `${line}\n`)

/**
 * A process that appends, to be killed. Like a gate it looks at its server and the journal's tail first; then several askers record one entry after
 * another, every second sealed by the vault with a ciphertext beside it, each told of (`a <index> <leaf>`) before the next. A refusal is told too (`r <code>`), and what troubled the journal (`t …`).
 * Where the journal shut itself for good it ends with code 9: a gate is then restarted by a person. A batch sent behind another is told too (`b`), when they are two no
 * more (`e`), and when one of two fails (`s`).
 * The gate has a crowd beside. `rests`: nobody asks now and then.
 */
async function write(url: string, node: string, rests: boolean): Promise<void> {
  const pool = openStorePool({ connectionString: url, max: 2, connectionTimeoutMillis: 3000 })
  await checkServer(pool)
  // Who strikes at the backend that commits finds it by this name.
  const appending = openStorePool({ connectionString: url, application_name: `writer ${node}`, max: 1, connectionTimeoutMillis: 3000, pipeline: true })
  const store = telling(journalStore({ pool, appending }))
  await checkTail(store)
  const onTrouble = (cause: unknown): void => tell(`t ${cause instanceof Error ? cause.message : String(cause)}`)
  const journal = openJournal({ store, clock: Date.now, node, onTrouble })
  const vault = openVault({ store: vaultStore(pool), master: MASTER, random: randomBytes, clock: Date.now })
  const sealing = vaulted({ record: journal.record, vault, random: randomBytes, onTrouble })
  const start = randomBytes(4).toString('hex')
  let asked = 0
  tell('ready')

  async function record(): Promise<boolean> {
    const outcome = await (asked % 2 === 0 ? journal.record : sealing)(entryOf(`${node}-${start}-${asked++}`))
    if (outcome.ok) tell(`a ${outcome.value.index} ${outcome.value.leaf}`)
    else {
      tell(`r ${outcome.refusal.code}`)
      if (outcome.refusal.detail.includes('it stays shut')) process.exit(9)
    }
    return outcome.ok
  }
  let resting = Promise.resolve()
  async function ask(): Promise<void> {
    for (;;) {
      await resting
      await pause((await record()) ? Math.random() * 16 : 10)
    }
  }
  async function rest(): Promise<void> {
    for (;;) {
      await pause(Math.random() * REST_MS)
      await (resting = pause(Math.random() * REST_MS))
    }
  }
  async function crowd(): Promise<void> {
    for (;;) {
      await Promise.all(Array.from({ length: CROWD }, record))
      await pause(Math.random() * CROWD_EVERY_MS)
    }
  }
  await Promise.all([...Array.from({ length: RECORDERS }, ask), ...(rests ? [rest()] : []), ...(node === 'gate' ? [crowd()] : [])])
}

/** Tells of appends that are under way together. */
function telling(store: EntryStore): EntryStore {
  let underWay = 0
  const append: EntryStore['append'] = async (batch) => {
    if (underWay++ > 0) tell('b')
    try {
      const appended = await store.append(batch)
      if (appended === 'disk_failed' && underWay > 1) tell('s')
      return appended
    } catch (cause) {
      if (underWay > 1) tell('s')
      throw cause
    } finally {
      if (--underWay === 1) tell('e')
    }
  }
  return { ...store, append }
}

/** Mostly as small as an answered ask, some as large as a long one: heaps, indexes and the tables for long values all grow. */
function entryOf(id: string): Entry {
  const long = Math.random() < 0.05 ? randomBytes(9000).toString('base64') : ''
  return { kind: 'ask.answered', outcome: 'done', session: id, operation: 'getShipmentSummary', detail: { asked: { shipmentId: id }, long } }
}

const [, script] = process.argv
const { WRITER_URL, WRITER_NODE = '', WRITER_RESTS } = process.env
if (script !== undefined && import.meta.url === pathToFileURL(script).href && WRITER_URL !== undefined)
  await write(WRITER_URL, WRITER_NODE, WRITER_RESTS === 'yes')
