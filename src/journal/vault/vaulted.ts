import type { Random } from '../../base/clock.ts'
import { done, type Outcome, refuse } from '../../base/outcome.ts'
import { wellFormed } from '../../base/well-formed.ts'
import { type Refusal, refusal } from '../../model/refusal.ts'
import type { Record } from '../record.ts'
import { ENTRY_INLINE_MAX, type Sealed, sealPayload } from './payload.ts'
import { type Parted, part, UTF8_MAX } from './private-parts.ts'
import type { Vault } from './vault.ts'

export type VaultedRecord = {
  readonly record: Record
  readonly vault: Pick<Vault, 'keyOf'>
  readonly random: Random
  readonly onTrouble?: (cause: unknown) => void
}

/**
 * Records with everybody's values sealed: they lie beside the journal, and the entry names their ciphertext by its digest. Both become durable in one
 * transaction. Refuses `journal_unavailable` when the keys cannot be had.
 */
export function vaulted({ record, onTrouble = () => undefined, ...keys }: VaultedRecord): Record {
  return async (given) => {
    const text = JSON.stringify(given)
    const entry = wellFormed(given, text)
    const parted = part(entry, ENTRY_INLINE_MAX, text.length * UTF8_MAX)
    if (parted === null) return record(entry)
    const sealed = await seal(keys, parted, onTrouble)
    return sealed.ok ? record(sealed.value.entry, sealed.value.payload) : sealed
  }
}

async function seal(
  { vault, random }: Pick<VaultedRecord, 'vault' | 'random'>,
  parted: Parted,
  onTrouble: (cause: unknown) => void,
): Promise<Outcome<Sealed, Refusal>> {
  try {
    return done(sealPayload(parted, await vault.keyOf(parted.subjects), random))
  } catch (cause) {
    if (cause instanceof TypeError || cause instanceof RangeError) throw cause
    onTrouble(cause)
    return refuse(refusal('journal_unavailable', 'the journal cannot be written'))
  }
}
