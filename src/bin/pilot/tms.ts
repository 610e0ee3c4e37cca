import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import type pg from 'pg'
import { Fault } from '../../model/fault.ts'
import type { Cluster } from '../../store/cluster/cluster.ts'
import { putText } from '../../store/cluster/kept-file.ts'
import { guestDatabase } from '../../store/guest.ts'
import { contained } from '../../synth/contained.ts'
import { tmsFacts } from '../../synth/facts.ts'
import { ImportRefused, importLines, importShipments } from '../../synth/import.ts'
import { NO_MAPPING, readMapping } from '../../synth/mapping.ts'
import { type ImportReport, refusedLine } from '../../synth/report.ts'
import { seedPilot } from '../../synth/seed.ts'
import { TMS_OWNER } from '../../synth/tms.ts'
import { plain, plainLines } from '../journal/plain.ts'
import { progressBar, progressSteps } from '../progress.ts'

export type TmsChoice = {
  readonly shipments?: string
  readonly mapping?: string
  readonly agentUser?: string
  readonly demoUncontained?: true
  readonly dataFolder: string
  /** The data folder is gone when the pilot is. */
  readonly passing?: boolean
  readonly say: (line: string) => void
}

/** What the TMS holds, and which accounts each group of people looks after. */
export type LoadedTms = {
  readonly shipments: number
  readonly customers: number
  readonly accounts: Readonly<Record<'customer-service' | 'exception-desk', readonly string[]>>
}

const REPOSITORY = resolve(import.meta.dirname, '../../..')
/**
 * What decides what an agent sees, each with all it holds: who may alter it needs no other way to the data. A package that is not here (`pg-native` is
 * asked for and never is) Node looks for beside every folder above.
 */
const PROGRAM = [
  ...['src', 'policies', 'catalogue', 'tools', 'dist', 'node_modules', 'package.json', '.npmrc'].map((part) => join(REPOSITORY, part)),
  ...(createRequire(import.meta.url).resolve.paths('pg') ?? []),
  process.execPath,
]
const GROUP_ACCOUNTS = 40

/** The company's TMS, a database beside ours with an owner and roles of its own: made up, or loaded from the company's export. */
export async function loadTms(cluster: Cluster, choice: TmsChoice): Promise<LoadedTms> {
  const { say, shipments } = choice
  if (shipments !== undefined && !existsSync(shipments)) throw new Fault('import_refused', `there is no file \`${shipments}\``, 'check its path')
  if (shipments !== undefined && !choice.demoUncontained) outOfReach(choice, shipments)
  const logins = { tms_read: cluster.secret('tms-read'), tms_write: cluster.secret('tms-write') }
  await guestDatabase({ admin: cluster.superuser, database: 'tms', owner: TMS_OWNER, logins })
  const db = { ...cluster.superuser, database: 'tms' }
  if (shipments === undefined) await makeUp(db)
  else say(plainLines(importLines(await takeIn(db, shipments, choice))))
  const { source, shipments: count, customers } = await tmsFacts(db)
  // A start without --shipments finds the export again: it is as readable as it was.
  if (shipments === undefined && source?.startsWith('file:') && !choice.demoUncontained) outOfReach(choice, choice.dataFolder)
  // Others stay out of these people's reach, to show that they do.
  const mine = customers.slice(0, Math.max(1, Math.min(GROUP_ACCOUNTS, Math.ceil(customers.length * 0.75))))
  return { shipments: count, customers: customers.length, accounts: { 'customer-service': mine, 'exception-desk': mine } }
}

async function makeUp(db: pg.ClientConfig): Promise<void> {
  const bar = progressBar('rows written')
  try {
    await seedPilot({ owner: db, onProgress: bar.show })
  } finally {
    bar.end()
  }
}

async function takeIn(db: pg.ClientConfig, file: string, choice: TmsChoice): Promise<ImportReport> {
  const mapping = choice.mapping === undefined ? NO_MAPPING : readMapping(choice.mapping)
  const list = join(choice.dataFolder, 'refused-rows.txt')
  rmSync(list, { force: true })
  const bars = progressSteps({ reading: 'bytes read', loading: 'rows written' })
  try {
    return await importShipments({ file, mapping, db, onProgress: bars.show })
  } catch (cause) {
    throw cause instanceof ImportRefused ? listed(cause, choice.passing ? null : list) : cause
  } finally {
    bars.end()
  }
}

/** The terminal shows the first of the refused rows; all of them stand in a file for the owner of the data folder, since a reason may quote a key. */
function listed({ code, message, next, report }: ImportRefused, file: string | null): Fault {
  if (file === null) return new Fault(code, message, `${next}; with --data FOLDER all of them are listed in a file there`)
  putText(file, `${report.refused.map(refusedLine).map(plain).join('\n')}\n`)
  return new Fault(code, `${message}\n  all of them are listed in \`${file}\``, next)
}

/** Of the data folder what holds the rows, and what opens the database. Root's folder itself may be passed through, to these and no further. */
function outOfReach({ dataFolder, mapping, agentUser }: TmsChoice, file: string): void {
  const folders = ['cluster', 'secrets'].map((part) => join(dataFolder, part))
  // The mapping says which cells become fields that are shown in clear.
  const program = mapping === undefined ? PROGRAM : [...PROGRAM, mapping]
  contained({ folders, file, program, agentUser: agentUser ?? null })
}
