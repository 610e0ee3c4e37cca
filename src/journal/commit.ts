import type { Outcome } from '../base/outcome.ts'
import { done, refuse } from '../base/outcome.ts'
import type { Frontier } from '../log/frontier.ts'
import { extend, frontierBytes, parseFrontier } from '../log/frontier.ts'
import { leafHash } from '../log/leaf.ts'
import type { Refusal } from '../model/refusal.ts'
import { refusal } from '../model/refusal.ts'
import type { EntryStore } from './entry-store.ts'

const BATCH_ENTRIES_MAX = 1024
const BATCH_BYTES_MAX = 4 * 1024 * 1024
const QUEUE_MAX = 4096
const TIMEOUT_MS = 2000

/** Where an entry came to lie, durably. */
export type Committed = { readonly index: number; readonly leaf: Uint8Array }

/** Resolves once the entry is durable; refuses `journal_unavailable` otherwise. A refused entry may land all the same: the caller released nothing. */
export type Commit = (body: Uint8Array) => Promise<Outcome<Committed, Refusal>>

type Waiting = {
  readonly body: Uint8Array
  readonly leaf: Uint8Array
  readonly settle: (outcome: Outcome<Committed, Refusal>) => void
  readonly isWaiting: () => boolean
}

/**
 * Group commit: one batch is under way, and all that comes meanwhile is the next one. No timer: an idle journal commits at once.
 * Up to 1,024 entries or 4 MB a batch; 4,096 may wait; nobody waits longer than `timeoutMs`.
 *
 * After an error of the store everybody waiting is refused and the head is read anew before anything else is appended. So a batch whose
 * fate is unknown is never sent again, and if it lands after all, the compare-and-swap makes us see it. A lost connection heals so;
 * `disk_failed`, or a journal shorter than what was confirmed, shuts this journal until its process starts anew.
 */
export function groupCommit({
  store,
  timeoutMs = TIMEOUT_MS,
  onTrouble = () => undefined,
}: {
  readonly store: Pick<EntryStore, 'head' | 'append'>
  readonly timeoutMs?: number
  readonly onTrouble?: (cause: unknown) => void
}): { readonly commit: Commit; readonly drain: () => Promise<void> } {
  const queue: Waiting[] = []
  let running: Promise<void> | null = null
  let shut: Refusal | null = null
  // INVARIANT: null, or the tree as of our own last confirmed append or read of the head. Null after every doubt.
  let head: Frontier | null = null
  let confirmedSize = 0

  const commit: Commit = (body) => {
    if (shut) return Promise.resolve(refuse(shut))
    if (queue.length >= QUEUE_MAX) return Promise.resolve(refuse(busy('too many entries are waiting for the journal')))
    return new Promise((resolve) => {
      queue.push(waitingFor(body, resolve, timeoutMs))
      running ??= flushAll()
    })
  }

  async function flushAll(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, batchLength(queue))
      try {
        await flush(batch)
      } catch (cause) {
        head = null
        for (const waiting of [...batch, ...queue.splice(0)]) waiting.settle(refuse(shut ?? busy('the journal could not be written')))
        onTrouble(cause)
      }
    }
    // INVARIANT: in the same turn as the last look at the queue, or an entry put there in between would wait for ever.
    running = null
  }

  async function flush(batch: readonly Waiting[]): Promise<void> {
    for (;;) {
      const live = batch.filter((waiting) => waiting.isWaiting())
      if (live.length === 0) return
      head ??= await loadHead()
      const { size } = head
      const next = extend(
        head,
        live.map((waiting) => waiting.leaf),
      )
      const appended = await store.append({
        expectedSize: size,
        bodies: live.map((waiting) => waiting.body),
        leaves: live.map((waiting) => waiting.leaf),
        frontier: frontierBytes(next),
      })
      if (appended === 'disk_failed') throw shutFor('the disk under the journal failed; it stays shut until it is restarted')
      head = appended === 'appended' ? next : null
      if (appended === 'moved') continue
      confirmedSize = next.size
      for (const [i, waiting] of live.entries()) waiting.settle(done({ index: size + i, leaf: waiting.leaf }))
      return
    }
  }

  async function loadHead(): Promise<Frontier> {
    const stored = await store.head()
    if (stored.size < confirmedSize) throw shutFor('the journal lost entries it had confirmed; it stays shut until it is looked at and restarted')
    const frontier = parseFrontier(stored.frontier, stored.size)
    if (!frontier) throw new Error(`the journal's head cannot be that of ${stored.size} entries`)
    return frontier
  }

  function shutFor(detail: string): Error {
    shut = refusal('journal_unavailable', detail)
    return new Error(detail)
  }

  return {
    commit,
    drain: async () => {
      shut ??= refusal('journal_unavailable', 'the journal is closing')
      await running
    },
  }
}

function waitingFor(body: Uint8Array, resolve: (outcome: Outcome<Committed, Refusal>) => void, timeoutMs: number): Waiting {
  let waiting = true
  const settle = (outcome: Outcome<Committed, Refusal>): void => {
    if (!waiting) return
    waiting = false
    clearTimeout(timer)
    resolve(outcome)
  }
  const timer = setTimeout(() => settle(refuse(busy('the journal did not answer in time'))), timeoutMs)
  return { body, leaf: leafHash(body), settle, isWaiting: () => waiting }
}

/** As many from the front as one batch may hold; at least one. */
function batchLength(queue: readonly Waiting[]): number {
  let bytes = 0
  for (const [i, waiting] of queue.entries()) {
    bytes += waiting.body.length
    if (i === BATCH_ENTRIES_MAX || (i > 0 && bytes > BATCH_BYTES_MAX)) return i
  }
  return queue.length
}

const busy = (detail: string): Refusal => refusal('journal_unavailable', detail, { retryAfterSeconds: 1 })
