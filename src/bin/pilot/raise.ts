import { readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import type { Config } from '../../config/config.ts'
import type { ExposureLimits } from '../../limits/disclose.ts'
import { type Cluster, openCluster } from '../../store/cluster/cluster.ts'
import { freePort } from '../../store/cluster/free-port.ts'
import { putText } from '../../store/cluster/kept-file.ts'
import { layArchive, layKeys } from '../parts/place.ts'
import { readConfig } from '../read-config.ts'
import { type RunningHouse, startHouse } from '../start-house.ts'
import type { PartName, PartPlace, PartPlaces } from '../supervise.ts'
import { type PartUsers, partUsers } from './part-users.ts'
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
export type Overrides = Readonly<{
  catalogue?: string
  policies?: string
  limits?: Partial<Config['limits']>
  timeZone?: string
  exposure?: ExposureLimits
  trustedProxies?: readonly string[]
  journal?: Partial<Config['journal']>
}>

const REPOSITORY = resolve(import.meta.dirname, '../../..')
const PACK = { catalogue: join(REPOSITORY, 'catalogue'), policies: join(REPOSITORY, 'policies') }
const LOG_ORIGIN = 'journal.gatehouse.example/pilot'

/** Brings the pilot up: PostgreSQL, the TMS in a database of its own, people, then the house. `drop` takes it down in the opposite order. */
export async function raisePilot(choice: PilotChoice): Promise<{ readonly raise: Raise; readonly drop: () => Promise<void> }> {
  const { dataFolder, say } = choice
  const cluster = await openCluster({ dataFolder, say })
  try {
    const tms = await loadTms(cluster, choice)
    const [gatePort, deskPort] = choice.port === null ? [await freePort(), await freePort()] : [choice.port, choice.port + 1]
    const urls = { gateUrl: `http://127.0.0.1:${gatePort}`, deskUrl: `http://127.0.0.1:${deskPort}` }
    const users = partUsers({ reads: readBy(choice.override), dataFolder, say })
    const keys = layKeys(join(dataFolder, 'keys'), users)
    layArchive(join(dataFolder, 'journal'), users.archive)
    const places = writeConfigs({ dataFolder, keys, users }, urls, tms.accounts, choice.override ?? {})
    const config = readConfig(places.gate.configFile)
    const { user, password, database } = cluster.superuser
    const adminUrl = cluster.url(database, user, password)
    const sources = {
      TMS_READ_URL: cluster.url('tms', 'tms_read', cluster.secret('tms-read')),
      TMS_WRITE_URL: cluster.url('tms', 'tms_write', cluster.secret('tms-write')),
    }
    const house = await startHouse({ config, places, adminUrl, secret: cluster.secret, sources, say })
    try {
      const people = await peoplePilot({ databaseUrl: house.databaseUrl('gate'), secret: cluster.secret, config })
      const raise: Raise = {
        house,
        cluster,
        dataFolder,
        ...urls,
        people,
        tms,
        vkeyFile: join(keys.sign, 'journal.key.vkey'),
        signedFile: join(keys.sign, 'journal.signed'),
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

type Ground = { readonly dataFolder: string; readonly keys: Readonly<Record<PartName, string>>; readonly users: PartUsers }

/** The parts' configurations, written anew at each start: ports and accounts may be others. They hold no secret, and differ in the folder of keys. */
function writeConfigs(
  { dataFolder, keys, users }: Ground,
  { gateUrl, deskUrl }: { readonly gateUrl: string; readonly deskUrl: string },
  accounts: LoadedTms['accounts'],
  { exposure, journal, ...override }: Overrides,
): PartPlaces {
  const useCases = join(dataFolder, 'usecases.yaml')
  const gid = users.gate?.gid
  const mode = gid === undefined ? 0o600 : 0o640
  putText(useCases, useCasesText(accounts, exposure), { mode, gid })
  const config = {
    publicUrl: gateUrl,
    deskUrl,
    listen: { gate: new URL(gateUrl).host, desk: new URL(deskUrl).host },
    tls: 'off',
    ...PACK,
    useCases,
    logOrigin: LOG_ORIGIN,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    people: PILOT_PEOPLE,
    journal: { archive: join(dataFolder, 'journal'), ...journal },
    systems: { tms: { kind: 'postgres', readUrl: 'TMS_READ_URL', writeUrl: 'TMS_WRITE_URL' } },
    ...override,
  }
  const place = (part: PartName): PartPlace => {
    const configFile = join(dataFolder, `${part}.yaml`)
    // JSON is YAML.
    putText(configFile, `${JSON.stringify({ ...config, keys: keys[part] }, null, 2)}\n`, { mode, gid })
    return { configFile, keys: keys[part], user: users[part] }
  }
  // Of an older version, which had one for all.
  rmSync(join(dataFolder, 'gatehouse.yaml'), { force: true })
  return { sign: place('sign'), archive: place('archive'), apply: place('apply'), gate: place('gate') }
}

const readBy = ({ catalogue = PACK.catalogue, policies = PACK.policies, journal }: Overrides = {}): readonly string[] => [
  catalogue,
  policies,
  ...(journal?.witness ? [journal.witness.policy] : []),
]

/** The repository's use cases with this company's accounts in them. */
function useCasesText(accounts: LoadedTms['accounts'], exposure: ExposureLimits | undefined): string {
  const document = parseDocument(readFileSync(join(REPOSITORY, 'policies/usecases.yaml'), 'utf8'))
  for (const [group, of] of Object.entries(accounts)) document.setIn(['groups', group, 'accounts'], [...of])
  if (exposure)
    for (const useCase of Object.keys((document.toJS() as { readonly useCases: object }).useCases)) document.setIn(['useCases', useCase, 'exposure'], exposure)
  return document.toString()
}
