import type { Brand } from '../base/brand.ts'
import { mint } from '../base/brand.ts'
import { toBase64 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Outcome } from '../base/outcome.ts'
import { done } from '../base/outcome.ts'
import { wellFormed } from '../base/well-formed.ts'
import { spell } from '../events/spell.ts'
import type { Stamp } from '../events/tell.ts'
import { ENTRY_BYTES_MAX } from '../log/tile.ts'
import type { Refusal } from '../model/refusal.ts'
import type { Commit } from './commit.ts'
import type { Entry } from './entry.ts'
import type { Payload } from './entry-store.ts'

/** Proof that an entry is durable. Nothing is released without one. `leaf` is its RFC 6962 leaf hash, base64. */
export type Receipt = Brand<{ readonly index: number; readonly leaf: string; readonly digest: string | null }, 'Receipt'>

/** Resolves once the entry is on disk under the tree, with the ciphertext it names, or refuses `journal_unavailable`: then nothing may leave. */
export type Record = (entry: Entry, payload?: Payload) => Promise<Outcome<Receipt, Refusal>>

/**
 * Records by `commit`: stamps the entry with the time and this node's name, spells its OCSF event canonically (RFC 8785), and mints the receipt
 * only once it is committed. Throws on an entry over 65,535 bytes: a tile could not hold it, and we should have put a digest there.
 */
export const recorder =
  ({ commit, clock, node }: { readonly commit: Commit; readonly clock: Clock; readonly node: string }): Record =>
  async (entry, payload) => {
    // Of Node's pool: an array of its own for each would be as much work to collect as to fill.
    const body = Buffer.from(spelled(entry, { at: clock(), node }))
    if (body.length > ENTRY_BYTES_MAX) throw new Error(`an entry of kind ${entry.kind} takes ${body.length} bytes, over the ${ENTRY_BYTES_MAX} of a log entry`)
    const committed = await commit(body, payload)
    if (!committed.ok) return committed
    return done(mint<Receipt>({ index: committed.value.index, leaf: toBase64(committed.value.leaf), digest: entry.digest ?? null }))
  }

/** Whatever has no spelling gets one, or throws again: nearly all has, and need not be looked through first. */
function spelled(entry: Entry, stamp: Stamp): string {
  try {
    return spell(entry, stamp)
  } catch {
    return spell(wellFormed(entry), stamp)
  }
}
