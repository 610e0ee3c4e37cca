import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Fault } from '../../model/fault.ts'
import type { Cluster } from '../../store/cluster/cluster.ts'
import { guestDatabase } from '../../store/guest.ts'
import { contained } from '../../synth/contained.ts'
import { tmsFacts } from '../../synth/facts.ts'
import { importLines, importShipments } from '../../synth/import.ts'
import { NO_MAPPING, readMapping } from '../../synth/mapping.ts'
import { seedPilot } from '../../synth/seed.ts'
import { TMS_OWNER } from '../../synth/tms.ts'
import { plainLines } from '../journal/plain.ts'
import { progressBar } from '../progress.ts'

export type TmsChoice = {
  readonly shipments?: string
  readonly mapping?: string
  readonly agentUser?: string
  readonly demoUncontained?: true
  readonly dataFolder: string
  readonly say: (line: string) => void
}

/** What the TMS holds, and which accounts each group of people looks after. */
export type LoadedTms = {
  readonly shipments: number
  readonly customers: number
  readonly accounts: Readonly<Record<'customer-service' | 'exception-desk', readonly string[]>>
}

const REPOSITORY = resolve(import.meta.dirname, '../../..')
/** What decides what an agent sees: who may alter it needs no other way to the data. */
const PROGRAM = ['', 'src', 'src/bin', 'policies', 'catalogue', 'node_modules', 'package.json'].map((part) => join(REPOSITORY, part))
const GROUP_ACCOUNTS = 40

/** The company's TMS, a database beside ours with an owner and roles of its own: made up, or loaded from the company's export. */
export async function loadTms(cluster: Cluster, choice: TmsChoice): Promise<LoadedTms> {
  const { say, shipments } = choice
  if (shipments !== undefined && !existsSync(shipments)) throw new Fault('import_refused', `there is no file \`${shipments}\``, 'check its path')
  if (shipments !== undefined && !choice.demoUncontained) outOfReach(choice, shipments)
  const logins = { tms_read: cluster.secret('tms-read'), tms_write: cluster.secret('tms-write') }
  await guestDatabase({ admin: cluster.superuser, database: 'tms', owner: TMS_OWNER, logins })
  const db = { ...cluster.superuser, database: 'tms' }
  const bar = progressBar('rows')
  try {
    if (shipments === undefined) await seedPilot({ owner: db, onProgress: bar.show })
    else {
      const mapping = choice.mapping === undefined ? NO_MAPPING : readMapping(choice.mapping)
      const report = await importShipments({ file: shipments, mapping, db, onProgress: (_step, done, total) => bar.show(done, total) })
      bar.end()
      say(plainLines(importLines(report)))
    }
  } finally {
    bar.end()
  }
  const { source, shipments: count, customers } = await tmsFacts(db)
  // A start without --shipments finds the export again: it is as readable as it was.
  if (shipments === undefined && source?.startsWith('file:') && !choice.demoUncontained) outOfReach(choice, choice.dataFolder)
  // Others stay out of these people's reach, to show that they do.
  const mine = customers.slice(0, Math.max(1, Math.min(GROUP_ACCOUNTS, Math.ceil(customers.length * 0.75))))
  return { shipments: count, customers: customers.length, accounts: { 'customer-service': mine, 'exception-desk': mine } }
}

/** Of the data folder what holds the rows, and what opens the database. Root's folder itself may be passed through, to these and no further. */
function outOfReach({ dataFolder, agentUser }: TmsChoice, file: string): void {
  for (const part of ['cluster', 'secrets']) contained({ folder: join(dataFolder, part), file, program: PROGRAM, agentUser: agentUser ?? null })
}
