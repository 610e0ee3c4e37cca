import { join } from 'node:path'
import type pg from 'pg'
import { deriveKey } from '../../base/digest.ts'
import type { Config } from '../../config/config.ts'
import type { Environment } from '../../config/environment.ts'
import { localMasterKey, type MasterKey } from '../../journal/vault/master-key.ts'
import { openVault, type Vault } from '../../journal/vault/vault.ts'
import type { VaultStore } from '../../journal/vault/vault-store.ts'
import { Fault } from '../../model/fault.ts'
import { readKept } from '../../store/cluster/kept-file.ts'
import { vaultStore } from '../../store/vault-store.ts'
import { newRandom } from './house.ts'

/** The variable that hands the vault's master key to a part, and the file it may lie in instead. */
export const VAULT_KEY = 'GATEHOUSE_VAULT_KEY'
export const VAULT_FILE = 'vault'

/** A change of the master key that broke off has the right one still beside the file. */
const BROKEN_OFF = 'run `gatehouse journal rekey` again where it broke off; otherwise'

export type HouseVault = { readonly vault: Vault; readonly store: VaultStore }

/** The vault over our database. Faults `config_invalid`: there is no master key, or it is not the one this database was begun with. */
export async function openHouseVault(pool: pg.Pool, master: MasterKey): Promise<HouseVault> {
  const store = vaultStore(pool)
  const vault = openVault({ store, master, random: newRandom, clock: Date.now })
  if (await vault.subjects.isOurs()) return { vault, store }
  throw new Fault(
    'config_invalid',
    "the vault's master key is not the one that this database was begun with",
    `${BROKEN_OFF}, restore the key from your backup: without it what is sealed stays sealed`,
  )
}

/** The master key of the environment, or of the file in the key folder. Nothing is made: who starts the parts makes one for all. */
export function masterKeyOf({ keys }: Pick<Config, 'keys'>, environment: Environment): MasterKey {
  const text = environment[VAULT_KEY] || readKept(join(keys, VAULT_FILE))
  if (!text) {
    const next = `set ${VAULT_KEY} to what the other parts have (\`gatehouse serve\` without --part makes one), or put it into ${join(keys, VAULT_FILE)}`
    throw new Fault('config_invalid', 'there is no master key for the vault: neither environment nor key folder has one', next)
  }
  return masterKeyFrom(text)
}

/** A master key of at least 192 random bits in base64url, as the house makes its secrets. */
export function masterKeyFrom(text: string): MasterKey {
  const secret = Buffer.from(text.trim(), 'base64url')
  if (secret.length < 24) throw new Fault('config_invalid', "the vault's master key is too short to be one", `${BROKEN_OFF}, restore it from your backup`)
  return localMasterKey(deriveKey(secret, 'gatehouse vault master key', 32))
}

/**
 * People by their pseudonyms, as our store and journal call them. What they type to sign in stays theirs. Faults `config_invalid`: two of them
 * have one, and would have each other's groups.
 */
export async function withPseudonyms<C extends Pick<Config, 'people'>>(config: C, { subjects }: Pick<Vault, 'subjects'>): Promise<C> {
  const people = await Promise.all(config.people.map(async (person) => ({ ...person, id: await subjects.pseudonym(`person:${person.id}`) })))
  for (const [i, { id }] of people.entries()) {
    const first = people.findIndex((other) => other.id === id)
    if (first === i) continue
    throw new Fault(
      'config_invalid',
      `\`${config.people[first]?.id}\` and \`${config.people[i]?.id}\` of the configuration are one person to the vault`,
      'write each person once; where they are two, somebody altered the table vault_subject: restore it from your backup',
    )
  }
  return { ...config, people }
}
