import type { Random } from '../../base/clock.ts'
import { done, type Outcome, refuse } from '../../base/outcome.ts'
import { wellFormed } from '../../base/well-formed.ts'
import { type Refusal, refusal } from '../../model/refusal.ts'
import type { Entry } from '../entry.ts'
import type { Record } from '../record.ts'
import { ENTRY_INLINE_MAX, type Sealed, sealPayload } from './payload.ts'
import { accountsIn, concernsBytes, type Parted, part, UTF8_MAX } from './private-parts.ts'
import type { Vault } from './vault.ts'

export type VaultedRecord = {
  readonly record: Record
  readonly vault: Pick<Vault, 'keyOf' | 'accountTold'>
  readonly random: Random
  readonly onTrouble?: (cause: unknown) => void
}

/**
 * Records with everybody's values sealed: they lie beside the journal, and the entry names their ciphertext by its digest. Both become durable in one
 * transaction. The accounts it is about stand in it by pseudonym, so that it is found by them until they are erased. Refuses `journal_unavailable` when the keys cannot be had.
 */
export function vaulted({ record, onTrouble = () => undefined, ...keys }: VaultedRecord): Record {
  return async (given) => {
    const named = await within(onTrouble, () => aliased(keys, given))
    if (!named.ok) return named
    const text = JSON.stringify(named.value)
    const entry = wellFormed(named.value, text)
    const parted = part(entry, ENTRY_INLINE_MAX, (text.length - concernsBytes(entry)) * UTF8_MAX)
    if (parted === null) return record(entry)
    const sealed = await within(onTrouble, () => seal(keys, parted))
    return sealed.ok ? record(sealed.value.entry, sealed.value.payload) : sealed
  }
}

async function aliased({ vault }: Pick<VaultedRecord, 'vault'>, entry: Entry): Promise<Entry> {
  const accounts = accountsIn(entry)
  if (accounts.length === 0) return entry
  return { ...entry, detail: { ...entry.detail, concerns: await Promise.all(accounts.map(vault.accountTold)) } }
}

const seal = async ({ vault, random }: Pick<VaultedRecord, 'vault' | 'random'>, parted: Parted): Promise<Sealed> =>
  sealPayload(parted, await vault.keyOf(parted.subjects), random)

async function within<T>(onTrouble: (cause: unknown) => void, work: () => Promise<T>): Promise<Outcome<T, Refusal>> {
  try {
    return done(await work())
  } catch (cause) {
    if (cause instanceof TypeError || cause instanceof RangeError) throw cause
    onTrouble(cause)
    return refuse(refusal('journal_unavailable', 'the journal cannot be written'))
  }
}
