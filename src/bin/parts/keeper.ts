import { join } from 'node:path'
import pg from 'pg'
import type { Config } from '../../config/config.ts'
import { needed } from '../../config/environment.ts'
import { checkTail } from '../../journal/check-tail.ts'
import { openJournal } from '../../journal/open.ts'
import type { Keeper } from '../../journal/vault/erase.ts'
import type { MasterKey } from '../../journal/vault/master-key.ts'
import { vaulted } from '../../journal/vault/vaulted.ts'
import { Fault } from '../../model/fault.ts'
import { checkServer } from '../../store/check-server.ts'
import { SUPERUSER } from '../../store/cluster/initialise.ts'
import { secret } from '../../store/cluster/secrets.ts'
import { visitCluster } from '../../store/cluster/visit.ts'
import { OWNER } from '../../store/grants.ts'
import { becomeMember, checkSameVersion, onDatabase } from '../../store/migrate.ts'
import { openStorePool } from '../../store/open-pool.ts'
import { vaultKeeping } from '../../store/vault-store.ts'
import { readConfig } from '../read-config.ts'
import { complain, journalEntries, newRandom } from './house.ts'
import { bytesOf, publishedAt } from './published.ts'
import { masterKeyFrom, masterKeyOf, openHouseVault } from './vault.ts'

const UNHURRIED = '-c statement_timeout=0'

/** Where the house is whose vault is kept: a running pilot's folder, or a configuration with DATABASE_URL as its administrator. */
export type KeeperPlace = { readonly data?: string; readonly config?: string }

/** The keeper, with its connections for what else is done as the tables' owner. */
export type OpenKeeper = Keeper & { readonly pool: pg.Pool; readonly close: () => Promise<void> }

/**
 * What an administrator erases and holds with: the owner's rights on the tables, the master key, and the journal to say so in. As every process that writes
 * to it, it looks at the server and at the journal's tail before anything else. Faults `config_invalid`, `postgres_unreachable`, `fsync_off`, `journal_broken`, `data_newer`, `data_unreachable`.
 */
export async function openKeeper(place: KeeperPlace): Promise<OpenKeeper> {
  const { url, master, published } = wayIn(place)
  const pool = openStorePool({ ...(await asOwner(url)), max: 4, connectionTimeoutMillis: 5000, application_name: 'gatehouse keeper' })
  const { objects, close } = publishedAt(published)
  const store = journalEntries(pool, bytesOf(objects))
  await checkTail(store)
  const { vault } = await openHouseVault(pool, master)
  const onTrouble = (cause: unknown): void => complain('keeper', cause)
  const journal = openJournal({ store, clock: Date.now, node: 'keeper', timeoutMs: 10_000, onTrouble })
  return {
    keeping: vaultKeeping(pool),
    subjects: vault.subjects,
    record: vaulted({ record: journal.record, vault, random: newRandom, onTrouble }),
    clock: Date.now,
    pool,
    close: async () => {
      await journal.drain()
      await pool.end()
      close()
    },
  }
}

/** Where a pilot publishes its journal: beside its database. */
export const pilotJournal = (data: string): Config['journal'] => ({
  archive: join(data, 'journal'),
  s3: { region: 'us-east-1', pathStyle: false },
  open: false,
})

function wayIn({ data, config }: KeeperPlace): { readonly url: string; readonly master: MasterKey; readonly published: Pick<Config, 'journal'> } {
  if (data !== undefined)
    return {
      url: visitCluster(data, 'gatehouse', SUPERUSER, 'superuser'),
      master: masterKeyFrom(secret(data, 'vault')),
      published: { journal: pilotJournal(data) },
    }
  if (config === undefined)
    throw new Fault(
      'config_invalid',
      'no house is named',
      'name a running pilot with --data FOLDER, or the configuration that `gatehouse serve` runs with by --config FILE',
    )
  const found: Config = readConfig(config)
  const admin = needed(process.env, 'DATABASE_URL', "the administrator's URL that `gatehouse serve` runs with")
  return { url: onDatabase({ connectionString: admin }, 'gatehouse').connectionString ?? admin, master: masterKeyOf(found, process.env), published: found }
}

/**
 * A superuser may do all as they are; any other administrator acts as the tables' owner. Nobody does on a server that forgets. Whatever the server's default, a statement
 * may take as long as it does: an erasure looks at every ciphertext.
 */
export async function asOwner(connectionString: string): Promise<pg.PoolConfig> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await checkServer(client)
    const { rows } = await client.query<{ super: boolean }>("select current_setting('is_superuser') = 'on' as super")
    const isSuper = rows[0]?.super === true
    if (!isSuper) {
      await becomeMember(client, OWNER)
      await client.query(`set role ${OWNER}`)
    }
    await checkSameVersion(client)
    if (isSuper) return { connectionString, options: UNHURRIED }
    return { connectionString, options: `-c role=${OWNER} ${UNHURRIED}` }
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault(
      'postgres_unreachable',
      `the database does not let us in: ${cause instanceof Error ? cause.message : 'no answer'}`,
      'check that it runs, and the administrator’s URL',
      { cause },
    )
  } finally {
    await client.end().catch(() => undefined)
  }
}
