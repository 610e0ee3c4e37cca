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
  /** The one to come as it is kept now, by a run that broke off or by who gave it; null where there is none. */
  readonly begun: () => MasterKey | null
  /** The one to come, fresh where this house makes it: one that never counted may be known by now. INVARIANT: kept durably on return; what it wraps is lost with it. */
  readonly make: () => MasterKey
  /** Takes away what `make` kept. Called only while the old one counts. */
  readonly drop: () => void
  /** The one until now. Asked for only while it counts: after a break nothing of it may be left. */
  readonly old: () => MasterKey
  /** Destroys the old one and puts the next in its place. Called only once the next one counts. */
  readonly settle: () => Promise<void>
}

type Keys = { readonly old: MasterKey; readonly next: MasterKey }

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
/**
 * Why nothing was changed. `another`: neither master key is the one this database was begun with. `beside`: the keys were exchanged by now, but the row of
 * this name does not open as the others do, and may under the old master key, which is not destroyed.
 */
export type NotRekeyed = NotExchanged | { readonly why: 'another' } | { readonly why: 'beside'; readonly row: string }

/**
 * Every wrapped key that stands, and every index, comes under another master key; then the old one is destroyed. From there on no backup of the database from
 * before opens anything: neither what was erased since, nor what was not.
 *
 * The attacker: who puts an erased key back from a backup, so that it is wrapped anew. Its row, or its subject's, still tells of the erasure, and is refused. Not
 * seen is who takes that back too: only the entry `journal.erased` tells then, and nothing here reads it.
 *
 * The order, and what a break leaves. The next key is made and durable; all rows are exchanged in one transaction, and this decides; the dead rows are swept; the old key
 * is destroyed. Run again after a break anywhere it goes on: the mark opens under the next key once the transaction was committed.
 * The entry `journal.rekeyed` is durable when only the commit is missing: no change of keys is ever unrecorded. A break between
 * entry and commit, or a refusal of an entry that the journal took too late to say so, leaves one whose `newKey` the mark's row does not bear: then there was no
 * change, and the next run records its own. What is refused before the entry leaves none, and no refusal leaves a next key that this run made.
 */
export async function rekey(
  keeper: Rekeeper,
  { authority }: { readonly authority: string },
  progress: (done: number, of: number) => void = () => undefined,
): Promise<Outcome<Rekeyed, NotRekeyed>> {
  const { store, rekeying, change } = keeper
  const begun = change.begun()
  if (begun !== null && (await counts(store, begun))) return finish(keeper, begun, { already: true, subjects: 0, keys: 0 })
  const old = change.old()
  if (!(await counts(store, old))) return refuse({ why: 'another' })
  const names = await rekeying.connected()
  if (names.length > 0) return refuse({ why: 'connected', names })

  const next = change.make()
  try {
    const exchanged = await exchange(keeper, { old, next }, authority, progress)
    if (!exchanged.ok) return exchanged
    return await finish(keeper, next, { already: false, ...exchanged.value })
  } finally {
    // Where the database does not answer, the next one may count, and stays.
    if (await counts(store, old).catch(() => false)) change.drop()
  }
}

async function exchange(keeper: Rekeeper, { old, next }: Keys, authority: string, progress: Exchanging['progress']): Promise<Outcome<Exchanged, NotExchanged>> {
  const { entry, payload } = await sealedEntry(keeper, { old, next }, authority)
  const { subject, key } = exchanging(old, next)
  let marked = false
  return keeper.rekeying.exchange({
    subject(row) {
      marked ||= row.pseudonym === MARK
      return subject(row)
    },
    key,
    async decide() {
      // INVARIANT: nothing is wrapped by a key that cannot be told to count, or that is kept nowhere.
      if (!marked) throw new Error('the mark was not among the rows that were exchanged')
      const kept = keeper.change.begun()
      if (kept === null || (await nameOf(kept)) !== (await nameOf(next))) throw new Error('the next master key is not where it was kept')
      return keeper.record(entry, payload)
    },
    progress,
  })
}

async function finish(
  { store, rekeying, keeping, change }: Rekeeper,
  next: MasterKey,
  made: Exchanged & { readonly already: boolean },
): Promise<Outcome<Rekeyed, NotRekeyed>> {
  const unswept = await keeping.sweep()
  // INVARIANT: nothing destroys a master key that may still be the only one that opens a row.
  if (!(await counts(store, next))) throw new Error('the keys were exchanged, and the next master key does not open them')
  const row = await rekeying.altered(exchanging(next, next))
  if (row !== null) return refuse({ why: 'beside', row })
  await change.settle()
  return done({ ...made, unswept })
}

/** Whether this is the master key that the rows are under. */
async function counts(store: Pick<VaultStore, 'subjects'>, master: MasterKey): Promise<boolean> {
  const [mark] = await store.subjects([MARK])
  return mark !== undefined && mark.wrapped !== null && (await master.unwrap(mark.wrapped, subjectContext(MARK))) !== null
}

/** Sealed under a data key that the old key wraps, and that is exchanged with the others. */
async function sealedEntry({ store, random, clock }: Rekeeper, { old, next }: Keys, authority: string): Promise<Sealed> {
  const detail = { oldKey: await nameOf(old), newKey: await nameOf(next), authority }
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
