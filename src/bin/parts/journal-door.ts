import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Door } from '../../api/door.ts'
import { type JournalReaders, journalFiles, journalReaders } from '../../api/journal-files.ts'
import { receiptRoutes } from '../../api/receipts.ts'
import { readVkey, vkeyPath } from '../../journal/key.ts'
import type { Record } from '../../journal/record.ts'
import { keptSecret } from '../kept-secret.ts'
import { heartbeat } from './heartbeat.ts'
import { complain, type House } from './house.ts'
import { readPath } from './journal-reader.ts'
import { READER_TOKEN, SIGNER_KEY } from './keys.ts'
import { every } from './part.ts'
import { publishedAt } from './published.ts'
import { openReceipts, type Receipts } from './receipts.ts'
import { openWitnessing, tellRefusals, type Witnessing } from './witnessing.ts'

const WATCH_EVERY_MS = 1000

/** What of the journal the gate shows to the outside, and how it stands with those who watch it. */
export type JournalDoor = {
  readonly vkeyFile: string
  readonly receipts: Receipts
  readonly witnessing: Witnessing
  readonly isUnmetered: JournalReaders['isUnmetered']
  readonly routes: (app: FastifyInstance, door: Door) => void
  /** Looks every second at its witnesses, tells what they refused, and keeps the journal from falling silent. `stop` waits for the look under way. */
  readonly watch: (record: Record) => { readonly stop: () => Promise<void> }
  readonly close: () => void
}

export async function openJournalDoor({ config, pool, entries }: Pick<House, 'config' | 'pool' | 'entries'>): Promise<JournalDoor> {
  const vkeyFile = vkeyPath(join(config.keys, SIGNER_KEY))
  const vkey = await readVkey(vkeyFile)
  const witnessing = openWitnessing(config, vkey, pool)
  const { objects, close } = publishedAt(config)
  const receipts = openReceipts({ objects, vkey, witnessing, entries })
  // The token is made at the first start, also for a journal that is open: closing it again is then one line of the configuration.
  const { mayRead, isUnmetered } = journalReaders({ token: keptSecret(config.keys, READER_TOKEN), open: config.journal.open })
  return {
    vkeyFile,
    receipts,
    witnessing,
    isUnmetered,
    routes: (app, door) => {
      // An entry is whose session it names, or whose person.
      receiptRoutes(app, door, (index, session) => receipts.receiptOf(index, (entry) => entry.session === session.id || entry.person === session.person))
      journalFiles(app, door, { mayRead, read: readPath(objects) })
    },
    watch: (record) => {
      const beat = heartbeat({ store: entries, record, clock: Date.now })
      const turn = async (): Promise<void> => {
        await witnessing.look()
        if (witnessing.policy !== null) await tellRefusals(pool, record)
        await beat()
      }
      return every(WATCH_EVERY_MS, turn, (cause) => complain('gate', cause))
    },
    close,
  }
}
