import { sameBytes } from '../base/bytes.ts'
import { leafHash } from '../log/leaf.ts'
import { Fault } from '../model/fault.ts'
import type { EntryStore, StoredEntry } from './entry-store.ts'
import { parseRecorded } from './recorded.ts'

const PAGE_ENTRIES = 512

/** Whether a body is an entry. What nobody could read is never signed: a follower would stop at it for ever. */
export type Readable = (body: Uint8Array) => boolean

const isRecorded: Readable = (body) => parseRecorded(body) !== null

/** What is wrong with an entry read where `index` was expected, or null. That it is under a signed tree is not yet known. */
export function entryFault(entry: StoredEntry, index: number, readable: Readable = isRecorded): string | null {
  if (entry.index !== index) return gapFault(index, entry.index)
  if (!sameBytes(leafHash(entry.body), entry.leaf)) return `entry ${index} does not match its leaf hash: its body or its hash was altered`
  if (!readable(entry.body)) return `entry ${index} is not one that this version could have written`
  return null
}

/** That `next` stands where `index` was expected. */
export const gapFault = (index: number, next: number): string =>
  next === index + 1 ? `entry ${index} is missing` : `entries ${index} to ${next - 1} are missing`

/** Entries `from` to `to` (exclusive) in pages, each dense and matching its leaf hash. Throws `journal_broken` at the first that is not. */
export async function* checkedPages(
  store: Pick<EntryStore, 'read'>,
  from: number,
  to: number,
  readable: Readable = isRecorded,
): AsyncGenerator<readonly StoredEntry[]> {
  for (let index = from; index < to; ) {
    const page = await store.read(index, Math.min(PAGE_ENTRIES, to - index))
    if (page.length === 0) throw broken(`the head names ${to} entries, but there is none from ${index} on`)
    for (const [i, entry] of page.entries()) {
      const fault = entryFault(entry, index + i, readable)
      if (fault) throw broken(fault)
    }
    index += page.length
    yield page
  }
}

export const broken = (sentence: string): Fault => new Fault('journal_broken', sentence, 'stop, keep the database as it is, and run `gatehouse journal verify`')
