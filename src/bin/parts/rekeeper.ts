import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../../config/config.ts'
import { needed } from '../../config/environment.ts'
import { checkTail } from '../../journal/check-tail.ts'
import { openJournal } from '../../journal/open.ts'
import type { Rekeeper } from '../../journal/vault/rekey.ts'
import { Fault } from '../../model/fault.ts'
import { openCluster } from '../../store/cluster/cluster.ts'
import { SUPERUSER } from '../../store/cluster/initialise.ts'
import { onDatabase } from '../../store/migrate.ts'
import { openStorePool } from '../../store/open-pool.ts'
import { vaultRekeying } from '../../store/vault-rekeying.ts'
import { vaultKeeping, vaultStore } from '../../store/vault-store.ts'
import { readConfig } from '../read-config.ts'
import { complain, journalEntries, newRandom } from './house.ts'
import { asOwner, type KeeperPlace, pilotJournal } from './keeper.ts'
import { type HouseKeyChange, keyChangeInFile, keyChangeOf } from './next-key.ts'
import { bytesOf, publishedAt } from './published.ts'

export type OpenRekeeper = Rekeeper & { readonly change: HouseKeyChange; readonly close: () => Promise<void> }

/**
 * What an administrator changes the master key with, while the house is stopped: a pilot's PostgreSQL is started for it and stopped again. As every process
 * that writes to the journal, it looks at the server and at the journal's tail before anything else. Faults `config_invalid`, `data_unreachable`,
 * `data_in_use` (the pilot runs), `postgres_unreachable`, `fsync_off`, `journal_broken`.
 */
export async function openRekeeper({ data, config }: KeeperPlace): Promise<OpenRekeeper> {
  if (data !== undefined) return openPilot(resolve(data))
  if (config === undefined)
    throw new Fault(
      'config_invalid',
      'no house is named',
      'name a stopped pilot with --data FOLDER, or the configuration that `gatehouse serve` runs with by --config FILE',
    )
  const found = readConfig(config)
  const admin = needed(process.env, 'DATABASE_URL', "the administrator's URL that `gatehouse serve` runs with")
  return openRekeeperAt(onDatabase({ connectionString: admin }, 'gatehouse').connectionString ?? admin, found, () => keyChangeOf(found, process.env))
}

async function openPilot(dataFolder: string): Promise<OpenRekeeper> {
  const secrets = join(dataFolder, 'secrets')
  if (!existsSync(join(secrets, 'superuser')))
    throw new Fault('data_unreachable', `\`${dataFolder}\` is not a pilot's data folder, or not yours to read`, 'name the folder the pilot printed')
  const cluster = await openCluster({ dataFolder, say: (line) => void process.stdout.write(`${line}\n`) })
  try {
    const url = cluster.url('gatehouse', SUPERUSER, cluster.secret('superuser'))
    const keeper = await openRekeeperAt(url, { journal: pilotJournal(dataFolder) }, () => keyChangeInFile(join(secrets, 'vault')))
    const close = async (): Promise<void> => {
      await keeper.close()
      await cluster.stop()
    }
    return { ...keeper, close }
  } catch (cause) {
    await cluster.stop()
    throw cause
  }
}

async function openRekeeperAt(url: string, published: Pick<Config, 'journal'>, changeOf: () => HouseKeyChange): Promise<OpenRekeeper> {
  // Its connections' name is no other run's: two at once see each other.
  const pool = openStorePool({ ...(await asOwner(url)), max: 4, connectionTimeoutMillis: 5000, application_name: `gatehouse rekey ${process.pid}` })
  const { objects, close: closeObjects } = publishedAt(published)
  const entries = journalEntries(pool, bytesOf(objects))
  const journal = openJournal({ store: entries, clock: Date.now, node: 'keeper', timeoutMs: 10_000, onTrouble: (cause) => complain('keeper', cause) })
  const close = async (): Promise<void> => {
    await journal.drain()
    await pool.end()
    closeObjects()
  }
  try {
    await checkTail(entries)
    const parts = { store: vaultStore(pool), rekeying: vaultRekeying(pool), keeping: vaultKeeping(pool), record: journal.record }
    return { ...parts, random: newRandom, clock: Date.now, change: changeOf(), close }
  } catch (cause) {
    await close()
    throw cause
  }
}
