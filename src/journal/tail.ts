import { entryFault } from './check-entry.ts'
import type { EntryStore } from './entry-store.ts'
import type { Recorded } from './recorded.ts'
import { parseRecorded } from './recorded.ts'

/** One line of the tail. With `fault` in place of `entry` the body is not what its leaf hash says, and nobody is shown what it says. */
export type TailLine = { readonly index: number } & ({ readonly entry: Recorded } | { readonly fault: string })

/**
 * Up to `limit` entries from index `from` on, or the last ones of all, newest last. Each body is checked against its leaf hash;
 * that the leaf is under a signed tree is for `verifyJournal` and followers to say.
 */
export async function readTail(store: Pick<EntryStore, 'head' | 'read'>, from: number | 'end', limit: number): Promise<readonly TailLine[]> {
  const start = from === 'end' ? Math.max(0, (await store.head()).size - limit) : from
  const entries = await store.read(start, limit)
  return entries.map((stored) => {
    const { index } = stored
    const entry = parseRecorded(stored.body)
    const fault = entryFault(stored, index) ?? (entry ? null : `entry ${index} is not one that this version could have written`)
    return entry && fault === null ? { index, entry } : { index, fault: fault ?? '' }
  })
}
