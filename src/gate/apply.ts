import { type Brand, mint } from '../base/brand.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Catalogue, fieldOf } from '../catalogue/pack.ts'
import { type Change, changeDigest, type Image, sameImage } from '../changes/change.ts'
import type { ChangeStore } from '../changes/change-store.ts'
import { type ChangeEvent, transition } from '../changes/transition.ts'
import type { Order, Writer } from '../connectors/writer.ts'
import type { EntryKind } from '../journal/entry.ts'
import type { Record } from '../journal/record.ts'
import type { Refusal } from '../model/refusal.ts'
import { scalarOf } from '../model/row.ts'
import type { Approvals, Unfit } from './approvals.ts'

/** The applier's own belongings. It believes neither the gate nor the database: `approvals` is what it read in the signed journal. */
export type Applier = {
  readonly catalogue: Catalogue
  readonly changes: ChangeStore
  readonly writers: Readonly<{ readonly [system: string]: Writer }>
  readonly approvals: Pick<Approvals, 'judge' | 'isBegun' | 'isVoided'>
  /** True once everything up to this entry was read and proven; false when that does not come about in time. */
  readonly provenTo: (index: number) => Promise<boolean>
  /** Refuses while nobody outside has seen the journal for too long. By the applier's own look: it does not ask the gate. */
  readonly mayWrite: () => Outcome<null, Refusal>
  readonly record: Record
}

/** A change the applier found approved in the signed journal, by itself. Nothing else is ever written. */
export type Checked = Brand<{ readonly change: Change; readonly order: Order; readonly writer: Writer; readonly begun: boolean }, 'Checked'>

/**
 * One approved change, to its end: check, intent entry, write, read back, outcome entry. A change that is not (yet) proven
 * is left as it is, and the reason returned; one that never will be is voided. INVARIANT: the write happens at most once; after it only reads.
 */
export async function apply(applier: Applier, change: Change): Promise<Outcome<Change, string>> {
  const checked = check(applier, change)
  if (!checked.ok) return leave(applier, change, checked.refusal)
  // Its intent is in the journal already, from a process that died or waited too long: it may have been written, so it never is again.
  if (checked.value.begun) return resume(applier, change)

  const may = applier.mayWrite()
  if (!may.ok) return refuse(may.refusal.detail)

  const intent = await applier.record(entryOf('change.applying', change))
  if (!intent.ok) return refuse('the journal cannot be written')

  // A database that withholds what came after the approval withholds this entry too: then nothing is written.
  if (!(await applier.provenTo(intent.value.index))) return refuse('the journal up to its intent is not signed')
  const still = applier.approvals.judge(change)
  if (!still.ok) return refuse(still.refusal.why)

  const claimed = await move(applier, change, { event: 'begin' })
  if (!claimed) return refuse('somebody else took it, or it was voided')

  const { writer, order } = checked.value
  const written = await writer.write(order)
  if (written.result === 'refused') return settle(applier, claimed, { event: 'failed', why: written.why })
  return readBack(applier, claimed, checked.value, written.result === 'stale')
}

/** A change that was begun and not ended, for whatever reason. Nothing is written: the record itself says what happened. */
export async function resume(applier: Applier, change: Change): Promise<Outcome<Change, string>> {
  if (!applier.approvals.isBegun(change)) return refuse('no signed entry says that it was begun')
  const order = orderOf(applier, change)
  if (!order.ok) return order
  const begun = change.state === 'approved' ? await move(applier, change, { event: 'begin' }) : change
  return begun ? readBack(applier, begun, order.value, false) : refuse('somebody else took it, or it was voided')
}

/** A change that may not be written. For good: then it ends here, with the reason; once begun, only the record can say how. */
async function leave(applier: Applier, change: Change, { why, forGood }: Unfit): Promise<Outcome<Change, string>> {
  if (!forGood) return refuse(why)
  if (applier.approvals.isBegun(change)) return resume(applier, change)
  const voided = transition(change, { event: 'void', why })
  if (!voided.ok) throw new Error(`an ${change.state} change was taken for an approved one`)
  if (!applier.approvals.isVoided(change)) {
    const receipt = await applier.record(entryOf('change.voided', voided.value))
    if (!receipt.ok) return refuse('the journal cannot be written')
  }
  return (await applier.changes.move(voided.value, change.state, change.version)) ? done(voided.value) : refuse('somebody else took it, or it was voided')
}

async function readBack(
  applier: Applier,
  change: Change,
  { order, writer }: Pick<Checked, 'order' | 'writer'>,
  stale: boolean,
): Promise<Outcome<Change, string>> {
  const found = await writer.read(order.resource, order.key, order.account, Object.keys(order.after)).catch(() => undefined)
  if (found === undefined && change.state === 'unknown_outcome') return refuse('the source still cannot be read back')
  if (found === undefined) return settle(applier, change, { event: 'unknown', why: 'the source could not be read back' })
  if (found === null) return settle(applier, change, { event: 'failed', why: 'the record is gone' })
  const image: Image = Object.fromEntries(Object.keys(change.after).map((field) => [field, scalarOf(found, field)]))
  if (!stale && sameImage(change.after, image)) return settle(applier, change, { event: 'applied' })
  return settle(applier, change, { event: 'stale', found: image })
}

async function settle(applier: Applier, change: Change, event: ChangeEvent): Promise<Outcome<Change, string>> {
  const next = transition(change, event)
  if (!next.ok) throw new Error(`an applying change cannot become ${event.event}`)
  const kind = { applied: 'change.applied', stale: 'change.stale', failed: 'change.failed', unknown_outcome: 'change.unknown_outcome' }[
    next.value.state as 'applied' | 'stale' | 'failed' | 'unknown_outcome'
  ] as EntryKind
  const outcome = await applier.record(entryOf(kind, next.value))
  // Not journalled: it stays as it is, and the next look reads back and says so then.
  if (!outcome.ok) return refuse('the outcome could not be journalled')
  return (await applier.changes.move(next.value, change.state, change.version)) ? done(next.value) : refuse('the change was altered while it was applied')
}

function check(applier: Applier, change: Change): Outcome<Checked, Unfit> {
  const verdict = applier.approvals.judge(change)
  if (!verdict.ok) return verdict
  const order = orderOf(applier, change)
  if (!order.ok) return refuse({ why: order.refusal, forGood: false })
  return done(mint<Checked>({ change, ...order.value, begun: verdict.value === 'begun' }))
}

function orderOf(applier: Applier, change: Change): Outcome<Pick<Checked, 'order' | 'writer'>, string> {
  const operation = Object.hasOwn(applier.catalogue.operations, change.operation) ? applier.catalogue.operations[change.operation] : undefined
  const writer = Object.hasOwn(applier.writers, change.system) ? applier.writers[change.system] : undefined
  const settable =
    operation && Object.keys(change.after).every((field) => Object.hasOwn(operation.sets, field) && fieldOf(operation.resource, field).class === 'open')
  const itsOwn = operation?.system === change.system && operation.resource.name === change.resource
  if (!operation || !writer || !settable || !itsOwn) return refuse('the catalogue has no such change')
  return done({ writer, order: { resource: operation.resource, key: change.key, account: change.account, before: change.before, after: change.after } })
}

async function move(applier: Applier, change: Change, event: ChangeEvent): Promise<Change | null> {
  const next = transition(change, event)
  return next.ok && (await applier.changes.move(next.value, change.state, change.version)) ? next.value : null
}

const entryOf = (kind: EntryKind, change: Change) => ({
  kind,
  outcome: 'done' as const,
  session: change.session,
  person: change.person,
  operation: change.operation,
  digest: changeDigest(change),
  detail: {
    change: change.id,
    version: change.version,
    ...(change.outcome ? { why: change.outcome } : {}),
    account: change.account,
    before: change.before,
    after: change.after,
    fields: Object.keys(change.after),
  },
})
