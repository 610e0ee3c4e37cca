import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import type { Config } from '../../config/config.ts'
import { Fault } from '../../model/fault.ts'
import { type Cluster, openCluster } from '../../store/cluster/cluster.ts'
import { readConfig } from '../read-config.ts'
import { type RunningHouse, startHouse } from '../start-house.ts'
import { PILOT_PEOPLE, type PilotPeople, peoplePilot } from './people.ts'
import { type LoadedTms, loadTms, type TmsChoice } from './tms.ts'

export type Raise = {
  readonly house: RunningHouse
  readonly cluster: Cluster
  readonly dataFolder: string
  readonly gateUrl: string
  readonly deskUrl: string
  readonly people: PilotPeople
  readonly tms: LoadedTms
  /** The verifier key of the journal, and the variable-free command that verifies it. */
  readonly vkeyFile: string
  readonly signedFile: string
  readonly tmsUrl: string
}

export type PilotChoice = TmsChoice & {
  readonly dataFolder: string
  readonly port: number | null
  readonly say: (line: string) => void
  readonly override?: Overrides
}
/** Settings of the house that tests and benches run with instead of the pilot's. */
export type Overrides = Readonly<{ catalogue?: string; policies?: string; limits?: Config['limits']; timeZone?: string }>

const REPOSITORY = resolve(import.meta.dirname, '../../..')
const LOG_ORIGIN = 'journal.gatehouse.example/pilot'

/** Brings the pilot up: PostgreSQL, the TMS in a database of its own, people, then the house. `drop` takes it down in the opposite order. */
export async function raisePilot(choice: PilotChoice): Promise<{ readonly raise: Raise; readonly drop: () => Promise<void> }> {
  const { dataFolder, say } = choice
  const cluster = await openCluster({ dataFolder, say })
  try {
    const tms = await loadTms(cluster, choice)
    const [gatePort, deskPort] = choice.port === null ? [await freePort(), await freePort()] : [choice.port, choice.port + 1]
    const urls = { gateUrl: `http://127.0.0.1:${gatePort}`, deskUrl: `http://127.0.0.1:${deskPort}` }
    const configFile = writeConfig(dataFolder, urls, tms.accounts, choice.override ?? {})
    const config = readConfig(configFile)
    const { user, password, database } = cluster.superuser
    const adminUrl = cluster.url(database, user, password)
    const sources = {
      TMS_READ_URL: cluster.url('tms', 'tms_read', cluster.secret('tms-read')),
      TMS_WRITE_URL: cluster.url('tms', 'tms_write', cluster.secret('tms-write')),
    }
    const house = await startHouse({ config, configFile, adminUrl, secret: cluster.secret, sources, say })
    try {
      const people = await peoplePilot({ databaseUrl: house.databaseUrl('gate'), secret: cluster.secret })
      const raise: Raise = {
        house,
        cluster,
        dataFolder,
        ...urls,
        people,
        tms,
        vkeyFile: join(config.keys, 'journal.key.vkey'),
        signedFile: join(config.keys, 'journal.signed'),
        tmsUrl: sources.TMS_READ_URL,
      }
      return { raise, drop: () => takeDown(house, cluster) }
    } catch (cause) {
      await house.stop()
      throw cause
    }
  } catch (cause) {
    await cluster.stop()
    throw cause
  }
}

async function takeDown(house: RunningHouse, cluster: Cluster): Promise<void> {
  await house.stop()
  await cluster.stop()
}

/** The pilot's configuration, written anew at each start: ports and accounts may be others. It holds no secret. */
function writeConfig(
  dataFolder: string,
  { gateUrl, deskUrl }: { readonly gateUrl: string; readonly deskUrl: string },
  accounts: LoadedTms['accounts'],
  override: Overrides,
): string {
  const useCases = join(dataFolder, 'usecases.yaml')
  writeFileSync(useCases, useCasesText(accounts))
  const file = join(dataFolder, 'gatehouse.yaml')
  const config = {
    publicUrl: gateUrl,
    deskUrl,
    listen: { gate: new URL(gateUrl).host, desk: new URL(deskUrl).host },
    tls: 'off',
    catalogue: join(REPOSITORY, 'catalogue'),
    policies: join(REPOSITORY, 'policies'),
    useCases,
    keys: join(dataFolder, 'keys'),
    logOrigin: LOG_ORIGIN,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    people: PILOT_PEOPLE,
    systems: { tms: { kind: 'postgres', readUrl: 'TMS_READ_URL', writeUrl: 'TMS_WRITE_URL' } },
    ...override,
  }
  // JSON is YAML.
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`)
  return file
}

/** The repository's use cases with this company's accounts in them. */
function useCasesText(accounts: LoadedTms['accounts']): string {
  const document = parseDocument(readFileSync(join(REPOSITORY, 'policies/usecases.yaml'), 'utf8'))
  for (const [group, of] of Object.entries(accounts)) document.setIn(['groups', group, 'accounts'], [...of])
  return document.toString()
}

async function freePort(): Promise<number> {
  return new Promise((resolve_, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve_(address.port) : reject(new Fault('port_taken', 'no port is free', 'close a program')),
      )
    })
  })
}
