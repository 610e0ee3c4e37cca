import type { Clock } from '../../base/clock.ts'
import { done, type Outcome, refuse } from '../../base/outcome.ts'
import type { Refusal } from '../../model/refusal.ts'
import type { Record } from '../record.ts'
import { isPseudonym, parseRef } from './subject.ts'
import type { Subjects } from './subjects.ts'
import type { Destroyed, Unswept, VaultKeeping } from './vault-store.ts'

/** `record` seals: who ordered what is nobody else's to read. */
export type Keeper = { readonly keeping: VaultKeeping; readonly subjects: Pick<Subjects, 'found'>; readonly record: Record; readonly clock: Clock }

/** On whose word, and by what law. */
export type Order = { readonly subject: string; readonly authority: string; readonly basis: string }

/** Why nothing was erased: `unknown` also for a subject that was erased before, since nothing here says any more who that was. */
export type NotErased =
  | { readonly why: 'unknown' }
  | { readonly why: 'held'; readonly cases: readonly string[] }
  | { readonly why: 'unrecorded'; readonly refusal: Refusal }

export type Erased = Destroyed & { readonly pseudonym: string; readonly already: boolean; readonly unswept: readonly Unswept[] }

/**
 * Destroys every key of a subject, and with them every value of it in our tables, its entries' payloads, and the link between it and its pseudonym.
 * Recorded before and after; a hold prevents it. Broken off anywhere, the same order, or the next one, brings it to its end. Nothing of the journal is
 * changed: it verifies as before.
 */
export async function erase(
  keeper: Keeper,
  order: Order,
  progress: (emptied: number, of: number) => void = () => undefined,
): Promise<Outcome<Erased, NotErased>> {
  const { keeping, clock } = keeper
  await finishUntold(keeper, order)
  const pseudonym = await pseudonymOf(keeper, order.subject)
  const begun = pseudonym === null ? ({ state: 'unknown' } as const) : await keeping.begin(pseudonym, clock())
  if (pseudonym === null || begun.state === 'unknown') return refuse({ why: 'unknown' })
  if (begun.state === 'held') return refuse({ why: 'held', cases: begun.cases })
  if (begun.state === 'erased') return done({ pseudonym, already: true, keys: 0, months: [], payloads: 0, unswept: [] })

  const { authority, basis } = order
  const told = await keeper.record({ kind: 'journal.erasing', outcome: 'done', detail: { subject: pseudonym, authority, basis } })
  if (!told.ok) return refuse({ why: 'unrecorded', refusal: told.refusal })
  const destroyed = await keeping.destroy(pseudonym, clock())
  return finish(keeper, order, { pseudonym, ...destroyed }, progress)
}

/** What is left once the keys are gone: empty what nobody can read, sweep, and say so. */
async function finish(
  { keeping, record }: Keeper,
  { authority, basis }: Pick<Order, 'authority' | 'basis'>,
  one: Destroyed & { readonly pseudonym: string },
  progress: (emptied: number, of: number) => void,
): Promise<Outcome<Erased, NotErased>> {
  const { pseudonym, keys, months, payloads } = one
  let emptied = 0
  for (let from: number | null = 0; from !== null; progress(emptied, payloads)) {
    const step = await keeping.empty(pseudonym, from)
    emptied += step.emptied
    from = step.next
  }
  const unswept = await keeping.sweep()
  const told = await record({ kind: 'journal.erased', outcome: 'done', detail: { subject: pseudonym, keys, months: [...months], payloads, authority, basis } })
  if (!told.ok) return refuse({ why: 'unrecorded', refusal: told.refusal })
  await keeping.told(pseudonym)
  return done({ ...one, already: false, unswept })
}

/** An erasure that a crash broke off after its keys were gone is finished first, on whoever's word comes next: its own stands in the entry that began it. */
async function finishUntold(keeper: Keeper, order: Order): Promise<void> {
  for (const one of await keeper.keeping.untold()) await finish(keeper, order, one, () => undefined)
}

/** A subject by what it is called by people or by the journal. */
async function pseudonymOf({ subjects }: Pick<Keeper, 'subjects'>, subject: string): Promise<string | null> {
  if (isPseudonym(subject)) return subject
  const ref = parseRef(subject)
  return ref === null ? null : subjects.found(ref)
}

export type HoldOrder = { readonly subject: string; readonly caseId: string; readonly authority: string }

/** Nothing of the subject can be erased until the hold of this case is released. False: unknown, or being erased already. Recorded once it stands. */
export async function hold(keeper: Keeper, order: HoldOrder): Promise<Outcome<boolean, NotErased>> {
  return turn(keeper, order, 'journal.held', keeper.keeping.hold)
}

/** The hold of this case ends; others may stand. False: there is no such hold. */
export async function release(keeper: Keeper, order: HoldOrder): Promise<Outcome<boolean, NotErased>> {
  return turn(keeper, order, 'journal.released', keeper.keeping.release)
}

async function turn(
  keeper: Keeper,
  { subject, caseId, authority }: HoldOrder,
  kind: 'journal.held' | 'journal.released',
  act: VaultKeeping['hold'],
): Promise<Outcome<boolean, NotErased>> {
  const pseudonym = await pseudonymOf(keeper, subject)
  if (pseudonym === null) return refuse({ why: 'unknown' })
  const stands = await act(pseudonym, caseId, keeper.clock())
  if (!stands) return done(false)
  const told = await keeper.record({ kind, outcome: 'done', detail: { subject: pseudonym, case: caseId, authority } })
  return told.ok ? done(true) : refuse({ why: 'unrecorded', refusal: told.refusal })
}
