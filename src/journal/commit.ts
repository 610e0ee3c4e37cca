import type { Outcome } from '../base/outcome.ts'
import { done, refuse } from '../base/outcome.ts'
import type { Frontier } from '../log/frontier.ts'
import { extend, frontierBytes, parseFrontier } from '../log/frontier.ts'
import { leafHash } from '../log/leaf.ts'
import type { Refusal } from '../model/refusal.ts'
import { refusal } from '../model/refusal.ts'
import type { EntryStore, Payload } from './entry-store.ts'

const BATCH_ENTRIES_MAX = 1024
const BATCH_BYTES_MAX = 4 * 1024 * 1024
const QUEUE_MAX = 4096
/** Of fewer, two batches take as long as the time that they spare. */
const MANY = 32
const TIMEOUT_MS = 2000
const ASK_AGAIN_MS = 2
/** Longer than any batch takes to be durable, shorter than anybody wants to wait for a process that died. */
const HELD_MS = 500

/** Where an entry came to lie, durably. */
export type Committed = { readonly index: number; readonly leaf: Uint8Array }

/** Resolves once the entry is durable; refuses `journal_unavailable` otherwise. A refused entry may land all the same: the caller released nothing. */
export type Commit = (body: Uint8Array, payload?: Payload) => Promise<Outcome<Committed, Refusal>>

type Held = { readonly tree: Frontier; readonly epoch: number }
type Waiting = {
  readonly body: Uint8Array
  readonly payload: Payload | undefined
  readonly leaf: Uint8Array
  readonly settle: (outcome: Outcome<Committed, Refusal>) => void
  readonly isWaiting: () => boolean
}

/**
 * Group commit: one batch is under way, and all that comes meanwhile is the next one, which leaves before those of the last go on. No timer: an idle journal
 * commits within the turn.
 * Up to 1,024 entries or 4 MB a batch; 4,096 may wait; nobody waits longer than `timeoutMs`.
 *
 * Several processes may write to one journal: they take turns at its head, batch by batch when all are busy.
 * After an error of the store everybody waiting is refused and the head is read anew before anything else is appended. So a batch whose
 * fate is unknown is never sent again, and if it lands after all, the compare-and-swap makes us see it. A lost connection heals so;
 * `disk_failed`, or a journal shorter than what was confirmed, shuts this journal until its process starts anew.
 */
export function groupCommit({
  store,
  writer,
  timeoutMs = TIMEOUT_MS,
  onTrouble = () => undefined,
}: {
  readonly store: Pick<EntryStore, 'take' | 'append'>
  /** Names this writer among those who share the journal: no two alike. */
  readonly writer: string
  readonly timeoutMs?: number
  readonly onTrouble?: (cause: unknown) => void
}): { readonly commit: Commit; readonly drain: () => Promise<void> } {
  const queue: Waiting[] = []
  let running: Promise<void> | null = null
  let shut: Refusal | null = null
  // INVARIANT: null, or our turn at the head, with the tree as of our own last confirmed append in it. Null after every doubt.
  let held: Held | null = null
  let confirmedSize = 0

  const commit: Commit = (body, payload) => {
    if (shut) return Promise.resolve(refuse(shut))
    if (queue.length >= QUEUE_MAX) return Promise.resolve(refuse(busy('too many entries are waiting for the journal')))
    return new Promise((resolve) => {
      queue.push(waitingFor({ body, payload }, resolve, timeoutMs))
      running ??= flushAll()
    })
  }

  async function flushAll(): Promise<void> {
    await turn()
    // Of many who came together half go first: from then on one half is on its way while the other is told, and comes again.
    let most = queue.length < MANY ? MANY : Math.ceil(queue.length / 2)
    let tellLast: Tell = nobody
    while (queue.length > 0) {
      const batch = queue.splice(0, Math.min(most, batchLength(queue)))
      most = BATCH_ENTRIES_MAX
      const flushed = flush(batch).catch((cause: unknown) => failed(batch, cause))
      if (tellLast !== nobody) {
        await turn()
        tellLast()
      }
      tellLast = await flushed
    }
    // INVARIANT: in the same turn as the last look at the queue, or an entry put there in between would wait for ever.
    running = null
    tellLast()
  }

  function failed(batch: readonly Waiting[], cause: unknown): Tell {
    held = null
    for (const waiting of [...batch, ...queue.splice(0)]) waiting.settle(refuse(shut ?? busy('the journal could not be written')))
    onTrouble(cause)
    return nobody
  }

  /** Makes a batch durable. What comes back tells those who wait for it: later, so that the next batch is on its way before they go on. */
  async function flush(batch: readonly Waiting[]): Promise<Tell> {
    for (;;) {
      const live = batch.filter((waiting) => waiting.isWaiting())
      if (live.length === 0) return nobody
      held ??= await takeHead()
      if (held === null) {
        await new Promise((wake) => setTimeout(wake, ASK_AGAIN_MS))
        continue
      }
      const { tree, epoch } = held
      const leaves = live.map((waiting) => waiting.leaf)
      const next = extend(tree, leaves)
      const appended = await store.append({
        expectedSize: tree.size,
        epoch,
        more: queue.length > 0,
        bodies: live.map((waiting) => waiting.body),
        payloads: live.flatMap(({ payload }) => payload ?? []),
        leaves,
        frontier: frontierBytes(next),
      })
      if (appended === 'disk_failed') throw shutFor('the disk under the journal failed; it stays shut until it is restarted')
      held = appended === 'appended' ? { tree: next, epoch } : null
      if (appended === 'moved') continue
      confirmedSize = next.size
      return () => {
        for (const [i, waiting] of live.entries()) waiting.settle(done({ index: tree.size + i, leaf: waiting.leaf }))
      }
    }
  }

  /** Null while another writer has the head. */
  async function takeHead(): Promise<Held | null> {
    const head = await store.take(writer, HELD_MS)
    if (!head) return null
    if (head.size < confirmedSize) throw shutFor('the journal lost entries it had confirmed; it stays shut until it is looked at and restarted')
    const tree = parseFrontier(head.frontier, head.size)
    if (!tree) throw new Error(`the journal's head cannot be that of ${head.size} entries`)
    return { tree, epoch: head.epoch }
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

function waitingFor(given: Pick<Waiting, 'body' | 'payload'>, resolve: (outcome: Outcome<Committed, Refusal>) => void, timeoutMs: number): Waiting {
  let waiting = true
  const settle = (outcome: Outcome<Committed, Refusal>): void => {
    if (!waiting) return
    waiting = false
    clearTimeout(timer)
    resolve(outcome)
  }
  const timer = setTimeout(() => settle(refuse(busy('the journal did not answer in time'))), timeoutMs)
  return { ...given, leaf: leafHash(given.body), settle, isWaiting: () => waiting }
}

type Tell = () => void
const nobody: Tell = () => undefined

/** The end of this turn of the event loop: those who were just answered and go on at once come into one batch, not the first of them alone. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** As many from the front as one batch may hold; at least one. */
function batchLength(queue: readonly Waiting[]): number {
  let bytes = 0
  for (const [i, waiting] of queue.entries()) {
    bytes += waiting.body.length + (waiting.payload?.ciphertext.length ?? 0)
    if (i === BATCH_ENTRIES_MAX || (i > 0 && bytes > BATCH_BYTES_MAX)) return i
  }
  return queue.length
}

const busy = (detail: string): Refusal => refusal('journal_unavailable', detail, { retryAfterSeconds: 1 })
