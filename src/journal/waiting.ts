import type { Outcome } from '../base/outcome.ts'
import { refuse } from '../base/outcome.ts'
import { leafHash } from '../log/leaf.ts'
import type { Refusal } from '../model/refusal.ts'
import { refusal } from '../model/refusal.ts'
import type { Payload } from './entry-store.ts'

const BATCH_ENTRIES_MAX = 1024
const BATCH_BYTES_MAX = 4 * 1024 * 1024

/** Where an entry came to lie, durably. */
export type Committed = { readonly index: number; readonly leaf: Uint8Array }

export type Entering = { readonly body: Uint8Array; readonly payload: Payload | undefined }

/** An entry that somebody waits for. `settle`: answers them, once. `isWaiting`: nobody did yet. */
export type Waiting = Entering & {
  readonly leaf: Uint8Array
  readonly settle: (outcome: Outcome<Committed, Refusal>) => void
  readonly isWaiting: () => boolean
}

/** `resolve` is called once: by what settles the entry, or after `timeoutMs` with a refusal. */
export function waitingFor(entering: Entering, resolve: (outcome: Outcome<Committed, Refusal>) => void, timeoutMs: number): Waiting {
  let waiting = true
  const settle = (outcome: Outcome<Committed, Refusal>): void => {
    if (!waiting) return
    waiting = false
    clearTimeout(timer)
    resolve(outcome)
  }
  const timer = setTimeout(() => settle(refuse(busy('the journal did not answer in time'))), timeoutMs)
  return { ...entering, leaf: leafHash(entering.body), settle, isWaiting: () => waiting }
}

export const busy = (detail: string): Refusal => refusal('journal_unavailable', detail, { retryAfterSeconds: 1 })

/** Takes from the front what one batch may hold, 1,024 entries or 4 MB; at least one, and `most` at most. */
export function takeBatch(queue: Waiting[], most: number): readonly Waiting[] {
  let [count, bytes] = [0, 0]
  for (const { body, payload } of queue) {
    bytes += body.length + (payload?.ciphertext.length ?? 0)
    if (count === most || count === BATCH_ENTRIES_MAX || (count > 0 && bytes > BATCH_BYTES_MAX)) break
    count += 1
  }
  return queue.splice(0, count)
}
