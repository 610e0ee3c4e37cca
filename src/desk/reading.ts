import type { Entry } from '../journal/entry.ts'
import type { EntryStore } from '../journal/entry-store.ts'
import { readTail, type TailLine } from '../journal/tail.ts'
import type { RefusalCode } from '../model/refusal.ts'
import type { JournalItem, Viewer } from './desk.ts'

type Entries = Pick<EntryStore, 'head' | 'read'>

/** How far back entries are looked for. */
const LOOK_BACK = 20_000
const PAGE = 1000

/** Everybody reads what concerns them; approvers read all. */
export const mayRead = (viewer: Viewer, entry: Entry): boolean => viewer.isApprover || entry.person === viewer.person

/** The entries asked for; for who may not read them all, the newest of theirs, looked for far enough back to fill the page. Ascending. */
export async function entriesFor(entries: Entries, viewer: Viewer, from: number | null, limit: number): Promise<readonly JournalItem[]> {
  const mine = (lines: readonly TailLine[]) => lines.flatMap(itemOf).filter(({ entry }) => mayRead(viewer, entry))
  if (from !== null || viewer.isApprover) return mine(await readTail(entries, from ?? 'end', limit))
  const found: JournalItem[] = []
  for await (const page of newestFirst(entries)) {
    found.unshift(...mine(page))
    if (found.length >= limit) break
  }
  return found.slice(-limit)
}

export type RefusedItem = JournalItem & { readonly entry: { readonly outcome: RefusalCode } }

/** The refusal recorded under a correlation, or null: none, too long ago, or not this viewer's to read. */
export async function refusedUnder(entries: Entries, viewer: Viewer, correlation: string): Promise<RefusedItem | null> {
  for await (const page of newestFirst(entries)) {
    const found = page.flatMap(itemOf).find(({ entry }) => entry.correlation === correlation && entry.outcome !== 'done')
    if (found) return isRefused(found) && mayRead(viewer, found.entry) ? found : null
  }
  return null
}

const isRefused = (item: JournalItem): item is RefusedItem => item.entry.outcome !== 'done'

/** Pages from the newest on back, each ascending. */
async function* newestFirst(entries: Entries): AsyncGenerator<readonly TailLine[]> {
  const { size } = await entries.head()
  for (let end = size; end > Math.max(0, size - LOOK_BACK); end -= PAGE) {
    const start = Math.max(0, end - PAGE)
    yield await readTail(entries, start, end - start)
  }
}

/** What was altered is not shown. */
function itemOf(line: TailLine): JournalItem[] {
  if (!('entry' in line)) return []
  const { at, node: _node, v: _v, ...entry } = line.entry
  return [{ index: line.index, at: Date.parse(at), entry }]
}
