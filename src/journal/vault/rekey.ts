import { sameBytes, toHex } from '../../base/bytes.ts'
import type { Clock, Random } from '../../base/clock.ts'
import { done, type Outcome, refuse } from '../../base/outcome.ts'
import { wellFormed } from '../../base/well-formed.ts'
import type { Record } from '../record.ts'
import { dataKey, decrypt } from './cipher.ts'
import { keyContext } from './key-ring.ts'
import type { MasterKey } from './master-key.ts'
import { ENTRY_INLINE_MAX, type Sealed, sealPayload } from './payload.ts'
import { part } from './private-parts.ts'
import { parseRef } from './subject.ts'
import { MARK, subjectContext } from './subjects.ts'
import { openVault } from './vault.ts'
import type { Exchanged, Exchanging, NotExchanged, Unswept, VaultKeeping, VaultRekeying, VaultStore } from './vault-store.ts'

/** Two master keys, of which the mark's row tells which one counts. */
export type KeyChange = {
  /** The one to come. INVARIANT: kept durably before it is handed over; what it wraps is lost with it. */
  readonly next: MasterKey
  /** The one until now. Asked for only while it counts: after a break nothing of it may be left. */
  readonly old: () => MasterKey
  /** Destroys the old one and puts the next in its place. Called only once the next one counts. */
  readonly settle: () => Promise<void>
}

export type Rekeeper = {
  readonly store: VaultStore
  readonly rekeying: VaultRekeying
  readonly keeping: Pick<VaultKeeping, 'sweep'>
  readonly change: KeyChange
  /** Unsealed: what is recorded while the tables of keys are locked is sealed before. */
  readonly record: Record
  readonly random: Random
  readonly clock: Clock
}

export type Rekeyed = Exchanged & { readonly already: boolean; readonly unswept: readonly Unswept[] }
/** Why nothing was changed. `another`: neither master key is the one this database was begun with. */
export type NotRekeyed = NotExchanged | { readonly why: 'another' }

/**
 * Every wrapped key that stands, and every index, comes under another master key; then the old one is destroyed. From there on no backup of the database from
 * before opens anything: neither what was erased since, nor what was not.
 *
 * The order, and what a break leaves. The next key is durable; all rows are exchanged in one transaction, and this decides; the dead rows are swept; the old key
 * is destroyed. Run again after a break anywhere it goes on: the mark opens under the next key once the transaction was committed.
 * The entry `journal.rekeyed` is durable when only the commit is missing: no change of keys is ever unrecorded, and what is refused before leaves none. A
 * break between entry and commit leaves one whose `newKey` the mark's row does not bear: then there was no change, and the next run records its own.
 */
export async function rekey(
  keeper: Rekeeper,
  { authority }: { readonly authority: string },
  progress: (done: number, of: number) => void = () => undefined,
): Promise<Outcome<Rekeyed, NotRekeyed>> {
  const { store, rekeying, keeping, change } = keeper
  if (await counts(store, change.next)) return finish({ already: true, subjects: 0, keys: 0 })
  const old = change.old()
  if (!(await counts(store, old))) return refuse({ why: 'another' })
  const names = await rekeying.connected()
  if (names.length > 0) return refuse({ why: 'connected', names })

  const { entry, payload } = await sealedEntry(keeper, old, authority)
  const exchanged = await rekeying.exchange({ ...exchanging(old, change.next), decide: () => keeper.record(entry, payload), progress })
  return exchanged.ok ? finish({ already: false, ...exchanged.value }) : exchanged

  async function finish(made: Exchanged & { readonly already: boolean }): Promise<Outcome<Rekeyed, never>> {
    const unswept = await keeping.sweep()
    // INVARIANT: nothing destroys a master key that may still be the only one that opens.
    if (!(await counts(store, change.next))) throw new Error('the keys were exchanged, and the next master key does not open them')
    await change.settle()
    return done({ ...made, unswept })
  }
}

/** Whether this is the master key that the rows are under. */
async function counts(store: Pick<VaultStore, 'subjects'>, master: MasterKey): Promise<boolean> {
  const [mark] = await store.subjects([MARK])
  return mark !== undefined && mark.wrapped !== null && (await master.unwrap(mark.wrapped, subjectContext(MARK))) !== null
}

/** Sealed under a data key that the old key wraps, and that is exchanged with the others. */
async function sealedEntry({ store, change, random, clock }: Rekeeper, old: MasterKey, authority: string): Promise<Sealed> {
  const detail = { oldKey: await nameOf(old), newKey: await nameOf(change.next), authority }
  const parted = part(wellFormed({ kind: 'journal.rekeyed', outcome: 'done', detail }), ENTRY_INLINE_MAX)
  if (parted === null) throw new Error('nothing of `journal.rekeyed` is sealed')
  return sealPayload(parted, await openVault({ store, master: old, random, clock }).keyOf(parted.subjects), random)
}

/** What a master key may be called in public: the mark's row begins its index with it, and it tells nothing of the key. */
const nameOf = async (master: MasterKey): Promise<string> => toHex(await master.index(MARK)).slice(0, 16)

const exchanging = (old: MasterKey, next: MasterKey): Pick<Exchanging, 'subject' | 'key'> => ({
  async subject({ pseudonym, index, sealed, wrapped }) {
    const context = subjectContext(pseudonym)
    const key = await old.unwrap(wrapped, context)
    const text = key && sealed && decrypt(dataKey(pseudonym, key), sealed, context)
    const ref = text === null ? null : parseRef(text)
    if (key === null || ref === null) return null
    const found = pseudonym === MARK ? MARK : ref
    // The attacker: who put one person's index beside another's name. A new index would make it good.
    if (index === null || !sameBytes(index, await old.index(found))) return null
    return { index: await next.index(found), wrapped: await next.wrap(key, context) }
  },
  async key(row) {
    const key = await old.unwrap(row.wrapped, keyContext(row))
    return key && next.wrap(key, keyContext(row))
  },
})
