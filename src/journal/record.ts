import type { Brand } from '../base/brand.ts'
import type { Outcome } from '../base/outcome.ts'
import type { Refusal } from '../model/refusal.ts'
import type { Entry } from './entry.ts'

/** Proof that an entry is durable. Nothing is released without one. `leaf` is its RFC 6962 leaf hash, base64. */
export type Receipt = Brand<{ readonly index: number; readonly leaf: string; readonly digest: string | null }, 'Receipt'>

/** Resolves once the entry is on disk under the tree, or refuses `journal_unavailable`: then nothing may leave. */
export type Record = (entry: Entry) => Promise<Outcome<Receipt, Refusal>>
