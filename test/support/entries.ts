import type { RunningHouse } from '../../src/bin/start-house.ts'
import type { EntryStore } from '../../src/journal/entry-store.ts'
import type { Recorded } from '../../src/journal/recorded.ts'
import { readTail } from '../../src/journal/tail.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { openStorePool } from '../../src/store/open-pool.ts'

/** The journal of a running house, read as its gate reads it: each entry against its leaf hash. */
export type HouseJournal = {
  readonly store: EntryStore
  readonly size: () => Promise<number>
  readonly since: (index: number) => Promise<readonly (Recorded & { readonly index: number })[]>
  /** The entries of one request, by the correlation id its answer bore. */
  readonly about: (correlation: string, since?: number) => Promise<readonly Recorded[]>
  readonly close: () => Promise<void>
}

const ENTRIES_MAX = 100_000

export function houseJournal(house: Pick<RunningHouse, 'databaseUrl'>): HouseJournal {
  const pool = openStorePool({ connectionString: house.databaseUrl('gate'), max: 1 })
  const store = journalStore({ pool })
  const since: HouseJournal['since'] = async (index) =>
    (await readTail(store, index, ENTRIES_MAX)).map((line) => {
      if ('fault' in line) throw new Error(line.fault)
      return { ...line.entry, index: line.index }
    })
  return {
    store,
    size: async () => (await store.head()).size,
    since,
    about: async (correlation, from = 0) => (await since(from)).filter((entry) => entry.correlation === correlation),
    close: () => pool.end(),
  }
}
