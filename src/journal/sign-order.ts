import { sameBytes } from '../base/bytes.ts'
import { EMPTY_FRONTIER, extend, type Frontier, rootOf } from '../log/frontier.ts'
import { broken, checkedPages, type Readable } from './check-entry.ts'
import type { EntryStore, StoredEntry } from './entry-store.ts'
import { isOldForm, oldFormFault } from './old-form.ts'

type Reading = { readonly store: Pick<EntryStore, 'read'>; readonly signed: Frontier }

/**
 * Holds the entries after the signed tree, shown page by page in order, to what `verify` will hold them to: once there are events, none is spelled as before.
 * Throws `journal_broken` at the first that is. Nothing older is read while the first of them is an event, as all are since there are any.
 */
export function formOrder({ store, signed }: Reading): (page: readonly StoredEntry[]) => Promise<void> {
  let event: number | null = null

  return async (page) => {
    for (const { index, body } of page) {
      if (!isOldForm(body)) event ??= index
      else if (event !== null || (index === signed.size && index > 0 && !isOldForm(await lastSigned({ store, signed }))))
        throw broken(oldFormFault(index, event ?? index - 1))
    }
  }
}

/**
 * The body of the last entry under the signed tree. Whoever keeps the database might have put another in its place, so all of the complete subtree that it ends
 * is read and held against what was signed.
 */
async function lastSigned({ store, signed: { size, roots } }: Reading): Promise<Uint8Array> {
  let tree = EMPTY_FRONTIER
  let last: StoredEntry | undefined
  for await (const page of checkedPages(store, size - lastSubtree(size), size, ANY)) {
    tree = extend(
      tree,
      page.map(({ leaf }) => leaf),
    )
    last = page.at(-1)
  }
  const root = roots.at(-1)
  if (!last || !root || !sameBytes(rootOf(tree), root)) throw broken(`the entries below ${size} are not those that were signed`)
  return last.body
}

/** What is under the signed tree was read before it was signed. */
const ANY: Readable = () => true

/** Entries of the last complete subtree: the lowest bit set in a size above 0. */
function lastSubtree(size: number): number {
  let width = 1
  while (size % (width * 2) === 0) width *= 2
  return width
}
