import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Frontier } from '../log/frontier.ts'
import { extend, frontierBytes, parseFrontier } from '../log/frontier.ts'
import type { Refusal } from '../model/refusal.ts'
import { refusal } from '../model/refusal.ts'
import type { EntryStore, Payload } from './entry-store.ts'
import { busy, type Committed, takeBatch, type Waiting, waitingFor } from './waiting.ts'

const QUEUE_MAX = 4096
/** Of fewer who came together, two halves take as long as the time that they spare. */
const MANY = 8
/** While the server makes one batch durable, the next lies with it already. */
const UNDER_WAY_MAX = 2
/** So many batches after another writer's turn we take ourselves to be alone again: until then the second would come too late, and is not sent. */
const ALONE_AFTER = 8
const TIMEOUT_MS = 2000
const ASK_AGAIN_MS = 2
/** Longer than any batch takes to be durable, shorter than anybody wants to wait for a process that died. */
const HELD_MS = 500

/** Resolves once the entry is durable; refuses `journal_unavailable` otherwise. A refused entry may land all the same: the caller released nothing. */
export type Commit = (body: Uint8Array, payload?: Payload) => Promise<Outcome<Committed, Refusal>>

type Held = { readonly tree: Frontier; readonly frontier: Uint8Array; readonly epoch: number }
/** `over`: settled for everybody in it, one way or the other. */
type Sent = { readonly count: number; readonly over: Promise<void> }

/**
 * Group commit: what comes while a batch is under way is the next one, and leaves when that is durable: many in two halves, one behind the other. Behind one that is
 * under way already the next leaves if it is half as long or longer. So the server has a batch at hand while we tell who was in the last. No timer: an idle journal
 * commits within the turn. Up to 1,024 entries or 4 MB a batch; 4,096 may wait; nobody waits longer than `timeoutMs`.
 *
 * Several processes may write to one journal: they take turns at its head, batch by batch when all are busy.
 * After an error of the store everybody in that batch and in the queue is refused, and nothing is sent until all that was sent is over and the head is read anew. So a batch whose fate
 * is unknown is never sent again, and if it lands after all, the compare-and-swap makes us see it. What was sent behind it names the tree with its entries: it is
 * written behind them, or not at all and then sent again. A lost connection heals so; `disk_failed`, or a journal shorter than what was confirmed, shuts this journal
 * until its process starts anew, and nothing is acknowledged from then on. `onTrouble` must not throw.
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
  let broken: Error | null = null
  // INVARIANT: null, or our turn at the head, with the tree as of the last append that we sent in it. Null after every doubt.
  let held: Held | null = null
  let confirmedSize = 0
  let aloneIn = 0

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
    const underWay: Sent[] = []
    let last = Promise.resolve()
    const mayLeave = (): boolean => queue.length > 0 && underWay.length < (aloneIn === 0 ? UNDER_WAY_MAX : 1) && queue.length * 2 >= (underWay[0]?.count ?? 0)
    for (;;) {
      while (mayLeave()) {
        // Of many who came together half go first: from then on one half is on its way while the other is told, and comes again.
        const halve = aloneIn === 0 && underWay.length === 0 && queue.length >= MANY
        const batch = takeBatch(queue, halve ? Math.ceil(queue.length / 2) : queue.length)
        last = flush(batch, last).catch((cause: unknown) => failed(batch, cause))
        underWay.push({ count: batch.length, over: last })
      }
      const first = underWay.shift()
      if (!first) break
      await first.over
      await turn()
    }
    // INVARIANT: in the same turn as the last look at the queue, or an entry put there in between would wait for ever.
    running = null
  }

  function failed(batch: readonly Waiting[], cause: unknown): void {
    held = null
    for (const waiting of [...batch, ...queue.splice(0)]) waiting.settle(refuse(shut ?? busy('the journal could not be written')))
    onTrouble(cause)
  }

  /** Makes a batch durable and tells those who wait for it. `before`: the batch sent last is over, one way or the other. */
  async function flush(batch: readonly Waiting[], before: Promise<void>): Promise<void> {
    for (;;) {
      // One at a time, in their order: what was sent before is in the head that is taken, or never will be.
      if (held === null) await before
      goOnUnlessBroken()
      const live = batch.filter((waiting) => waiting.isWaiting())
      if (live.length === 0) return
      if (held === null) {
        held = await takeHead()
        if (held === null) await new Promise((wake) => setTimeout(wake, ASK_AGAIN_MS))
        continue
      }
      const { tree, frontier: expectedFrontier, epoch } = held
      const leaves = live.map((waiting) => waiting.leaf)
      const next = extend(tree, leaves)
      const frontier = frontierBytes(next)
      held = { tree: next, frontier, epoch }
      const appended = await store.append({
        expectedSize: tree.size,
        expectedFrontier,
        epoch,
        more: queue.length > 0,
        bodies: live.map((waiting) => waiting.body),
        payloads: live.flatMap(({ payload }, at) => (payload ? [{ at, payload }] : [])),
        leaves,
        frontier,
      })
      if (appended === 'disk_failed') throw shutFor('the disk under the journal failed; it stays shut until it is restarted')
      goOnUnlessBroken()
      aloneIn = appended === 'appended' ? Math.max(0, aloneIn - 1) : ALONE_AFTER
      if (appended !== 'appended' && held?.epoch === epoch) held = null
      if (appended === 'moved') continue
      confirmedSize = Math.max(confirmedSize, next.size)
      for (const [i, waiting] of live.entries()) waiting.settle(done({ index: tree.size + i, leaf: waiting.leaf }))
      return
    }
  }

  /** After a failing disk nothing is acknowledged, whatever the store says of what was on its way. */
  function goOnUnlessBroken(): void {
    if (broken) throw broken
  }

  /** Null while another writer has the head. */
  async function takeHead(): Promise<Held | null> {
    const head = await store.take(writer, HELD_MS)
    if (!head) return null
    if (head.size < confirmedSize) throw shutFor('the journal lost entries it had confirmed; it stays shut until it is looked at and restarted')
    const tree = parseFrontier(head.frontier, head.size)
    if (!tree) throw new Error(`the journal's head cannot be that of ${head.size} entries`)
    return { tree, frontier: head.frontier, epoch: head.epoch }
  }

  function shutFor(detail: string): Error {
    shut = refusal('journal_unavailable', detail)
    broken = new Error(detail)
    return broken
  }

  return {
    commit,
    drain: async () => {
      shut ??= refusal('journal_unavailable', 'the journal is closing')
      await running
    },
  }
}

/** The end of this turn of the event loop: those who were just answered and go on at once come into one batch, not the first of them alone. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
