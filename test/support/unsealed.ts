import { masterKeyFrom, openHouseVault } from '../../src/bin/parts/vault.ts'
import type { Raise } from '../../src/bin/pilot/raise.ts'
import type { Entry } from '../../src/journal/entry.ts'
import { unsealed } from '../../src/journal/vault/read.ts'
import { openStorePool } from '../../src/store/open-pool.ts'

/** Entries of a running pilot, each with its index, with what is sealed beside them in its place: by the master key, as its gate opens them for people. */
export async function opened(
  { cluster, house }: Pick<Raise, 'cluster' | 'house'>,
  entries: readonly (Entry & { readonly index: number })[],
): Promise<readonly Entry[]> {
  const pool = openStorePool({ connectionString: house.databaseUrl('gate'), max: 1 })
  try {
    const { vault, store } = await openHouseVault(pool, masterKeyFrom(cluster.secret('vault')))
    return (
      await unsealed(
        vault,
        store,
        entries.map(({ index, ...entry }) => ({ index, entry })),
      )
    ).map(({ entry }) => entry)
  } finally {
    await pool.end()
  }
}
