import type { Appended, Batch, EntryStore } from '../../src/journal/entry-store.ts'

export type Append = EntryStore['append']

/** A real store, with something in the way of its appends. */
export const through = (store: EntryStore, append: (batch: Batch, real: Append) => Promise<Appended>): EntryStore => ({
  ...store,
  append: (batch) => append(batch, store.append),
})

/** A connection that broke: nobody knows what became of what was sent. */
export const lost = (): Promise<never> => Promise.reject(new Error('connection lost'))

/** A door that appends wait behind until it is opened. */
export function door(): { readonly opened: Promise<void>; readonly open: () => void; readonly isOpen: () => boolean } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let isOpen = false
  const open = (): void => {
    isOpen = true
    resolve()
  }
  return { opened: promise, open, isOpen: () => isOpen }
}

/** What is queued now is under way after it. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

/** The bodies of all entries, as text. */
export const bodiesIn = async (store: EntryStore): Promise<readonly string[]> => (await store.read(0, 10_000)).map(({ body }) => Buffer.from(body).toString())
