import { done, type Outcome, refuse } from '../../base/outcome.ts'
import { type Refusal, refusal } from '../../model/refusal.ts'
import type { Entry } from '../entry.ts'
import type { Record } from '../record.ts'
import { ENTRY_INLINE_MAX, type Sealed, sealPayload, wellFormed } from './payload.ts'
import { part } from './private-parts.ts'
import type { Vault } from './vault.ts'
import type { PayloadRow, VaultStore } from './vault-store.ts'

export type VaultedRecord = {
  readonly record: Record
  readonly vault: Pick<Vault, 'keyOf'>
  readonly store: Pick<VaultStore, 'addPayloads'>
  readonly onTrouble?: (cause: unknown) => void
}

/**
 * Records with everybody's values sealed: they lie beside the journal, and the entry names their ciphertext by its digest. The ciphertext is written
 * first: no entry ever names one that is not there. Refuses `journal_unavailable` when it cannot be.
 */
export function vaulted({ record, vault, store, onTrouble = () => undefined }: VaultedRecord): Record {
  const put = gathered(store.addPayloads)
  return async (given) => {
    const entry = wellFormed(given)
    const parted = part(entry, ENTRY_INLINE_MAX)
    if (parted === null) return record(entry)
    const sealed = await attempt(async () => {
      const one = sealPayload(parted, await vault.keyOf(parted.subjects))
      await put(one.payload)
      return one
    }, onTrouble)
    return sealed.ok ? record(sealed.value.entry) : sealed
  }
}

async function attempt(work: () => Promise<Sealed>, onTrouble: (cause: unknown) => void): Promise<Outcome<{ readonly entry: Entry }, Refusal>> {
  try {
    return done(await work())
  } catch (cause) {
    if (cause instanceof TypeError || cause instanceof RangeError) throw cause
    onTrouble(cause)
    return refuse(refusal('journal_unavailable', 'the journal cannot be written'))
  }
}

type Payload = PayloadRow & { readonly ciphertext: Uint8Array }
type Waiting = { readonly row: Payload; readonly resolve: () => void; readonly reject: (cause: unknown) => void }

/** At most so many in one statement. */
const TOGETHER_MAX = 500

/** One statement is under way, and all that comes meanwhile is the next: no timer, so a lone ask waits for nobody. */
function gathered(add: VaultStore['addPayloads']): (row: Payload) => Promise<void> {
  const waiting: Waiting[] = []
  let busy = false

  async function run(): Promise<void> {
    busy = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, TOGETHER_MAX)
      try {
        await add(batch.map(({ row }) => row))
        for (const one of batch) one.resolve()
      } catch (cause) {
        for (const one of batch) one.reject(cause)
      }
    }
    busy = false
  }

  return (row) =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ row, resolve, reject })
      if (!busy) void run()
    })
}
