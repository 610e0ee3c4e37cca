import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { checkTail } from '../../src/journal/check-tail.ts'
import type { Entry } from '../../src/journal/entry.ts'
import type { EntryStore } from '../../src/journal/entry-store.ts'
import { openJournal } from '../../src/journal/open.ts'
import { checkServer } from '../../src/store/check-server.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { openStorePool } from '../../src/store/open-pool.ts'

const RECORDERS = 8
/** So many at once, now and then: two batches that are under way together. */
const CROWD = 16
const REST_MS = 200

/** Written whole before it returns: what was told stays told when the process is killed in the next instant. */
const tell = (line: string): void => void writeSync(1, `${line}\n`)

/**
 * A process that appends, to be killed. Like a gate it looks at its server and the journal's tail first; then several askers record one entry after
 * another, each told of (`a <index> <leaf>`) before the next. A refusal is told too (`r <code>`), and what troubled the journal (`t …`).
 * Where the journal shut itself for good it ends with code 9: a gate is then restarted by a person. A batch sent behind another is told too (`b`).
 * The gate has a crowd beside. `rests`: nobody asks now and then.
 */
async function write(url: string, node: string, rests: boolean): Promise<void> {
  const pool = openStorePool({ connectionString: url, application_name: `writer ${node}`, max: 2, connectionTimeoutMillis: 3000 })
  await checkServer(pool)
  const appending = openStorePool({ connectionString: url, max: 1, connectionTimeoutMillis: 3000, pipeline: true })
  const store = telling(journalStore({ pool, appending }))
  await checkTail(store)
  const journal = openJournal({ store, clock: Date.now, node, onTrouble: (cause) => tell(`t ${cause instanceof Error ? cause.message : String(cause)}`) })
  const start = randomBytes(4).toString('hex')
  let asked = 0
  tell('ready')

  async function record(): Promise<boolean> {
    const outcome = await journal.record(entryOf(`${node}-${start}-${asked++}`))
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
      await pause(Math.random() * 50)
    }
  }
  await Promise.all([...Array.from({ length: RECORDERS }, ask), ...(rests ? [rest()] : []), ...(node === 'gate' ? [crowd()] : [])])
}

/** Tells of each append that was sent behind another. */
function telling(store: EntryStore): EntryStore {
  let underWay = 0
  const append: EntryStore['append'] = (batch) => {
    if (underWay++ > 0) tell('b')
    return store.append(batch).finally(() => underWay--)
  }
  return { ...store, append }
}

/** Mostly as small as an answered ask, some as large as a long one: heap, index and the table for long values all grow. */
function entryOf(id: string): Entry {
  const long = Math.random() < 0.05 ? randomBytes(9000).toString('base64') : ''
  return { kind: 'ask.answered', outcome: 'done', session: id, operation: 'getShipmentSummary', detail: { long } }
}

const [, script] = process.argv
const { WRITER_URL, WRITER_NODE = '', WRITER_RESTS } = process.env
if (script !== undefined && import.meta.url === pathToFileURL(script).href && WRITER_URL !== undefined)
  await write(WRITER_URL, WRITER_NODE, WRITER_RESTS === 'yes')
