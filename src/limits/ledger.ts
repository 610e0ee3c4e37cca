import type { Outcome } from '../base/outcome.ts'
import type { Refusal } from '../model/refusal.ts'

/**
 * What sessions have been shown, kept by the store. `spend` adds digests to a session's set of a kind and answers how many
 * distinct ones it then holds. Durable on return; adding one twice counts once; may be called concurrently. A crash after
 * it keeps the digests spent. Refuses `store_unavailable`.
 */
export type Ledger = {
  readonly spend: (session: string, kind: ExposureKind, digests: readonly Uint8Array[]) => Promise<Outcome<number, Refusal>>
}

export type ExposureKind = 'subject' | 'price'
