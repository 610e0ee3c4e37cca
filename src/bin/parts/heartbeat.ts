import type { Clock } from '../../base/clock.ts'
import type { EntryStore } from '../../journal/entry-store.ts'
import type { Record } from '../../journal/record.ts'

/** With the signer's second there is a checkpoint at least every 60 s. */
const SILENT_MS = 57_000

/** Looks at the journal and, when nobody recorded anything for almost a minute, records that nothing happened: silence is then not a log that stopped. */
export function heartbeat({
  store,
  record,
  clock,
}: {
  readonly store: Pick<EntryStore, 'head'>
  readonly record: Record
  readonly clock: Clock
}): () => Promise<void> {
  let seen = -1
  let since = clock()
  return async () => {
    const { size } = await store.head()
    if (size !== seen) {
      seen = size
      since = clock()
    } else if (clock() - since >= SILENT_MS) await record({ kind: 'house.heartbeat', outcome: 'done' })
  }
}
