import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { groupCommit } from './commit.ts'
import type { EntryStore } from './entry-store.ts'
import type { Record } from './record.ts'
import { recorder } from './record.ts'

export type Journal = {
  readonly record: Record
  /** Takes no more entries; resolves once all that were taken are durable or refused. */
  readonly drain: () => Promise<void>
}

/**
 * The journal of this process, `node`. Other processes may append to the same log at the same time. `timeoutMs` is how long one record
 * waits before it refuses; its entry may still land later, which is no harm: nothing was released for it, and the journal says what was asked.
 * `onTrouble` hears the cause of what callers see as `journal_unavailable`.
 */
export function openJournal({
  clock,
  node,
  ...rest
}: {
  readonly store: Pick<EntryStore, 'take' | 'append'>
  readonly clock: Clock
  readonly node: string
  readonly timeoutMs?: number
  readonly onTrouble?: (cause: unknown) => void
}): Journal {
  const { commit, drain } = groupCommit({ ...rest, writer: `${node} ${randomUUID()}` })
  return { record: recorder({ commit, clock, node }), drain }
}
