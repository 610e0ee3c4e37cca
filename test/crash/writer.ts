import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { checkTail } from '../../src/journal/check-tail.ts'
import type { Entry } from '../../src/journal/entry.ts'
import { openJournal } from '../../src/journal/open.ts'
import { checkServer } from '../../src/store/check-server.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { openStorePool } from '../../src/store/open-pool.ts'

const RECORDERS = 8

/** Written whole before it returns: what was told stays told when the process is killed in the next instant. */
const tell = (line: string): void => void writeSync(1, `${line}\n`)

/**
 * A process that appends, to be killed. Like a gate it looks at its server and the journal's tail first; then several askers record one entry after
 * another, each told of (`a <index> <leaf>`) before the next. A refusal is told too (`r <code>`), and what troubled the journal (`t …`).
 * Where the journal shut itself for good it ends with code 9: a gate is then restarted by a person.
 */
async function write(url: string, node: string): Promise<void> {
  const pool = openStorePool({ connectionString: url, application_name: `writer ${node}`, max: 2, connectionTimeoutMillis: 3000 })
  await checkServer(pool)
  const store = journalStore({ pool })
  await checkTail(store)
  const journal = openJournal({ store, clock: Date.now, node, onTrouble: (cause) => tell(`t ${cause instanceof Error ? cause.message : String(cause)}`) })
  const start = randomBytes(4).toString('hex')
  let asked = 0
  tell('ready')

  async function record(): Promise<void> {
    for (;;) {
      const outcome = await journal.record(entryOf(`${node}-${start}-${asked++}`))
      if (outcome.ok) tell(`a ${outcome.value.index} ${outcome.value.leaf}`)
      else {
        tell(`r ${outcome.refusal.code}`)
        if (outcome.refusal.detail.includes('it stays shut')) process.exit(9)
      }
      await pause(outcome.ok ? Math.random() * 16 : 10)
    }
  }
  await Promise.all(Array.from({ length: RECORDERS }, record))
}

/** Mostly as small as an answered ask, some as large as a long one: heap, index and the table for long values all grow. */
function entryOf(id: string): Entry {
  const long = Math.random() < 0.05 ? randomBytes(9000).toString('base64') : ''
  return { kind: 'ask.answered', outcome: 'done', session: id, operation: 'getShipmentSummary', detail: { long } }
}

const [, script] = process.argv
const { WRITER_URL, WRITER_NODE = '' } = process.env
if (script !== undefined && import.meta.url === pathToFileURL(script).href && WRITER_URL !== undefined) await write(WRITER_URL, WRITER_NODE)
