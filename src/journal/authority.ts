import type { Json } from '../base/canonical.ts'
import type { Clock } from '../base/clock.ts'
import { lru } from '../base/lru.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { turns } from '../base/turns.ts'
import { EMPTY_FRONTIER } from '../log/frontier.ts'
import type { VerifierKey } from '../log/note-key.ts'
import { Fault } from '../model/fault.ts'
import type { Grant, GrantChange } from '../model/grant.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { authorityFold, type Fold } from './authority-fold.ts'
import { grantText, type Link, linksOf, stateDigest } from './authority-link.ts'
import type { AuthorityMemory } from './authority-state.ts'
import { type Learn, watchJournal } from './authority-watch.ts'
import type { Entry } from './entry.ts'
import type { EntryStore } from './entry-store.ts'
import type { Receipt, Record } from './record.ts'

/** What the house calls its own hand: whoever holds the key can grant. `digests`: 32 bytes, for states that could be guessed. */
export type GrantKey = {
  readonly sign: (text: string) => string
  readonly verify: (text: string, signature: string) => boolean
  readonly digests: Uint8Array
}

export type AuthorityHouse = {
  readonly store: Pick<EntryStore, 'head' | 'read' | 'checkpoints'>
  readonly record: Record
  readonly key: GrantKey
  /** The signer's; null as long as it made none. */
  readonly vkey: () => Promise<VerifierKey | null>
  /** Null: nothing is kept, as for a command that is soon over. */
  readonly memory: AuthorityMemory | null
  readonly clock: Clock
}

/**
 * What is granted, by the journal alone. An entry grants only with the signature of the house's own hand over (kind, what, state before), and only as
 * the next step in the life of its subject; an entry that takes away counts whoever wrote it. Rows of the database say nothing here.
 */
export type Authority = {
  /** Records as given, and knows its own entries without reading them. Whatever this process records goes through here. */
  readonly record: Record
  /** Records an entry that grants or ends these, and resolves when it counts. Refuses what `record` refuses, and `authority_mismatch` when another got there first. */
  readonly grant: Grants
  readonly claim: (grants: readonly Grant[]) => () => boolean
  readonly isEnded: (subject: string) => boolean
  /** Whether anything was ever granted to it, or ended. */
  readonly isKnown: (subject: string) => boolean
  /** Every subject beginning so to which something is granted. */
  readonly standing: (prefix: string) => readonly string[]
  readonly lookAgain: () => Promise<Outcome<null, Refusal>>
  readonly refuse: (mismatch: Mismatch) => Promise<Refusal>
  /** What was learnt is what was signed, up to the newest checkpoint. Throws `journal_broken`, and then always. */
  readonly verify: () => Promise<void>
  /** Writes down what was learnt, when there is something. */
  readonly keep: () => Promise<void>
}
export type Grants = (entry: Entry, changes: readonly GrantChange[]) => Promise<Outcome<Receipt, Refusal>>
type Mismatch = { readonly subject: string; readonly person?: string; readonly device?: string; readonly session?: string }

/** The same row tells the same finding once in this time, however often it is asked for. */
const TOLD_AGAIN_MS = 600_000
const TOLD_MAX = 1000
/** What is over is kept a little, for clocks that differ. */
const OVER_KEPT_MS = 600_000

/** Reads on from what was kept to the end of the journal before it resolves; from the first entry when nothing was. Throws `journal_broken`. */
export async function openAuthority(house: AuthorityHouse): Promise<Authority> {
  const { store, key, vkey, memory, clock } = house
  const kept = (await memory?.load()) ?? null
  const fold = authorityFold(kept?.held)
  const start = kept?.tree ?? EMPTY_FRONTIER
  const told = lru<string, number>(TOLD_MAX)
  let live = false
  let changed = 0
  let keptAt = start.size

  const learn: Learn = (index, entry, isOwn) => {
    if (endsIn(fold, entry)) changed++
    const found = linksOf(entry)
    if (found === null) return
    const genuine = found !== 'malformed' && (isOwn || key.verify(grantText(entry.kind, found.links), found.signature))
    if (genuine && fold.take(found.links, clock())) changed++
    else if (live)
      void tell(`entry:${index}`, {
        what: genuine ? 'an entry that grants again what was granted before' : 'an entry that grants without our signature',
        index,
      })
  }
  const watch = watchJournal({ store, vkey, start, learn })

  const record: Record = async (entry) => {
    const receipt = await house.record(entry)
    if (receipt.ok) {
      watch.own(receipt.value.index, receipt.value.leaf, entry)
      endsIn(fold, entry)
    }
    return receipt
  }

  async function tell(about: string, detail: { readonly [name: string]: Json }, concerned: Omit<Mismatch, 'subject'> = {}): Promise<void> {
    const now = clock()
    if (now < (told.get(about) ?? 0)) return
    told.set(about, now + TOLD_AGAIN_MS)
    const receipt = await record({ kind: 'finding.authority_mismatch', outcome: 'done', ...concerned, detail })
    if (!receipt.ok) told.delete(about)
  }

  async function looked(to?: number): Promise<Outcome<null, Refusal>> {
    try {
      await watch.look(to)
      return done(null)
    } catch (cause) {
      if (cause instanceof Fault) return refuse(refusal('journal_unavailable', 'the journal does not fit what was signed'))
      return refuse(refusal('store_unavailable', "the gate's database does not answer", { retryAfterSeconds: 1 }))
    }
  }

  const turn = turns()
  const grant: Grants = (entry, changes) =>
    turn(subjectOf(changes[0]), async () => {
      const links = linksFor(fold, key.digests, changes)
      if (links.length === 0) return record(entry)
      const signed = { ...entry, detail: { ...entry.detail, grant: { links, signature: key.sign(grantText(entry.kind, links)) } } }
      const receipt = await record(signed)
      if (!receipt.ok) return receipt
      const known = await looked(receipt.value.index + 1)
      if (!known.ok) return known
      const counts = links.every(({ subject, state }) => fold.now(subject)?.state === state)
      return counts ? receipt : refuse(refusal('authority_mismatch', 'somebody else changed this in the same moment'))
    })

  await watch.verify()
  await watch.look()
  live = true
  if (memory && kept === null) await keep()

  async function keep(): Promise<void> {
    const tree = watch.learnt()
    if (!memory || !tree) return
    changed = 0
    keptAt = tree.size
    await memory.save({ tree, held: fold.all() })
  }

  return {
    record,
    grant,
    claim(grants) {
      const all = grants.map((one) => ({ subject: one.subject, state: stateDigest(key.digests, one) }))
      return () => {
        const now = clock()
        return all.every(({ subject, state }) => fold.holds(subject, state, now))
      }
    },
    isEnded: (subject) => fold.now(subject)?.state === null,
    isKnown: (subject) => fold.now(subject) !== null,
    standing: (prefix) =>
      fold
        .all()
        .filter(({ subject, state }) => state !== null && subject.startsWith(prefix))
        .map(({ subject }) => subject),
    lookAgain: () => looked(),
    async refuse({ subject, ...concerned }) {
      await tell(subject, { what: 'a row that grants what the journal does not', subject: kindOf(subject) }, concerned)
      return refusal('authority_mismatch', 'the database says otherwise than the journal, and the journal counts')
    },
    async verify() {
      await watch.verify()
      await watch.look()
      fold.prune(clock() - OVER_KEPT_MS)
    },
    async keep() {
      const { size } = watch.learnt() ?? { size: keptAt }
      if (changed > 0 || size - keptAt >= KEEP_ENTRIES) await keep()
    },
  }
}

/** So many entries are read again at a start, at most, unless the house was killed. */
const KEEP_ENTRIES = 1000

/** What an entry takes away, whoever wrote it. */
function endsIn(fold: Fold, { kind, session, device }: Pick<Entry, 'kind' | 'session' | 'device'>): boolean {
  if (kind === 'session.revoked' && session !== undefined) fold.end(`session:${session}`)
  else if (kind === 'device.revoked' && device !== undefined) fold.end(`device:${device}`)
  else return false
  return true
}

/** The next step of each subject. What grants nothing already needs no end. */
function linksFor(fold: Fold, key: Uint8Array, changes: readonly GrantChange[]): readonly Link[] {
  const steps = new Map<string, number>()
  return changes
    .filter((change) => !('ends' in change) || (fold.now(change.ends)?.state ?? null) !== null)
    .map((change) => {
      const subject = subjectOf(change)
      const last = fold.now(subject)
      const n = (last?.n ?? 0) + 1
      steps.set(subject, n)
      const step = { subject, n, before: last?.state ?? null }
      if ('ends' in change) return { ...step, state: null }
      const of = change.of && Object.fromEntries(change.of.map((parent) => [parent, steps.get(parent) ?? fold.now(parent)?.n ?? 1]))
      return { ...step, state: stateDigest(key, change), ...(change.until === undefined ? {} : { until: change.until }), ...(of ? { of } : {}) }
    })
}

const subjectOf = (change: GrantChange | undefined): string => (change === undefined ? '' : 'ends' in change ? change.ends : change.subject)

/** `device:d-1` is a `device`: what comes after may be the hash of a secret. */
const kindOf = (subject: string): string => subject.slice(0, subject.indexOf(':'))
