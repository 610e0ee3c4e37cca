import { changeDigest } from '../../changes/change.ts'
import type { Config } from '../../config/config.ts'
import type { Environment } from '../../config/environment.ts'
import { vaulted } from '../../journal/vault/vaulted.ts'
import { changeStore } from '../../store/change-store.ts'
import { sealedChanges } from '../../store/sealed-changes.ts'
import { complain, type House, newRandom, openHouse } from './house.ts'
import { loadPack, type Pack } from './pack.ts'
import { type HouseVault, masterKeyOf, openHouseVault, withPseudonyms } from './vault.ts'

/**
 * A house that knows the company's packs and keeps nobody's values in clear: its entries and changes go through the vault, and its configuration calls people
 * by their pseudonyms.
 */
export type VaultedHouse = House & HouseVault & { readonly pack: Pack }

export async function openVaultedHouse(...given: Parameters<typeof openHouse>): Promise<VaultedHouse> {
  const [config, environment, node]: readonly [Config, Environment, string, ...unknown[]] = given
  const master = masterKeyOf(config, environment)
  const pack = loadPack(config)
  const house = await openHouse(...given)
  const { vault, store } = await openHouseVault(house.pool, master)
  const record = vaulted({ record: house.journal.record, vault, random: newRandom, onTrouble: (cause) => complain(node, cause) })
  return {
    ...house,
    pack,
    vault,
    store,
    config: await withPseudonyms(config, vault),
    journal: { ...house.journal, record },
    changes: changeStore(house.pool, changeDigest, sealedChanges(vault)),
  }
}
