import { randomBytes } from 'node:crypto'
import { utf8 } from '../../src/base/bytes.ts'
import { canonical } from '../../src/base/canonical.ts'
import type { Random } from '../../src/base/clock.ts'
import { done, refuse } from '../../src/base/outcome.ts'
import type { CallAnswer, Hint } from '../../src/contract/console.ts'
import type { Desk, JournalItem, Viewer } from '../../src/desk/desk.ts'
import { openRefusals } from '../../src/desk/refusals.ts'
import type { Entry } from '../../src/journal/entry.ts'
import { sourceCount } from '../../src/limits/source-count.ts'
import { EMPTY_FRONTIER, extend, type Frontier } from '../../src/log/frontier.ts'
import { leafHash } from '../../src/log/leaf.ts'
import { refusal } from '../../src/model/refusal.ts'
import { CHANGES, ENTRIES, PEOPLE, PILOT, REQUESTS, SESSIONS } from './house-data.ts'
import { accessPorts, changePorts, draftPorts, journalPorts, linkPorts, peoplePorts, sessionPorts } from './house-ports.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
export type Change = Mutable<CallAnswer<'decideChange'>> & { readonly person: string }
export type Request = Mutable<CallAnswer<'answerRequest'>> & { readonly person: string }
type Session = Mutable<CallAnswer<'sessions'>['sessions'][number]> & { readonly person: string }

/** What the ports share. */
export type State = {
  readonly now: () => number
  readonly origin: () => string
  readonly random: Random
  readonly cookies: Map<string, Mutable<Viewer>>
  readonly passphrases: Map<string, string | null>
  readonly invitations: Map<string, string>
  readonly changes: Change[]
  readonly sessions: Session[]
  readonly requests: Request[]
  readonly entries: JournalItem[]
  readonly frontier: () => Frontier
  /** Notes an act and, where there is one, records its entry. */
  readonly did: (what: string, entry: Entry | null) => void
  readonly hint: (what: Hint) => void
}

export type House = Desk & {
  /** What the ports did, in order: a refusal test looks here for what must not have happened. */
  readonly acts: readonly string[]
  readonly record: (entry: Entry) => void
  /** What is in the journal, oldest first. */
  readonly kept: () => readonly Entry[]
  /** What strangers met is told, as every minute. */
  readonly tell: () => Promise<void>
  /** From now on the journal takes nothing of what is refused. */
  readonly breakJournal: () => void
  readonly propose: (change: Change) => void
  /** Moves the house's clock on. */
  readonly pass: (seconds: number) => void
}

/** A desk over memory, for tests of the pages and of the desk: it keeps the ports' contracts, in one process and for as long as it lives. */
export function memoryHouse(given: { readonly folder: string; readonly origin: () => string; readonly now: number }): House {
  let now = given.now
  let frontier = EMPTY_FRONTIER
  const acts: string[] = []
  const entries: JournalItem[] = []
  const listeners = new Set<(hint: Hint) => void>()
  const hint = (what: Hint) => {
    for (const listener of listeners) listener(what)
  }
  const record = (entry: Entry) => {
    entries.push({ index: entries.length, at: now, entry })
    frontier = extend(frontier, [leafHash(utf8(canonical(entry)))])
    hint('journal')
  }
  for (const entry of ENTRIES) record(entry)
  let broken = false
  const refusals = openRefusals({
    record: async (entry) => {
      if (broken) return refuse(refusal('journal_unavailable', 'the journal cannot be written'))
      record(entry)
      return done(null)
    },
    counts: sourceCount,
  })
  const state: State = {
    now: () => now,
    origin: given.origin,
    random: (bytes) => randomBytes(bytes),
    cookies: new Map(),
    passphrases: new Map(PEOPLE.map((person) => [person.person, person.passphrase])),
    invitations: new Map([['welcome-0123456789', 'mira']]),
    changes: CHANGES(now),
    sessions: SESSIONS(now),
    requests: REQUESTS(now),
    entries,
    frontier: () => frontier,
    did: (what, entry) => {
      acts.push(what)
      if (entry !== null) void refusals.record(entry)
    },
    hint,
  }

  return {
    acts,
    record,
    kept: () => entries.map(({ entry }) => entry),
    tell: refusals.tell,
    breakJournal: () => {
      broken = true
    },
    refused: refusals.refused,
    propose: (change) => {
      state.changes.push(change)
      record({ kind: 'change.proposed', outcome: 'done', person: change.person, session: 'ses-1', operation: change.operation, detail: { change: change.id } })
      hint('changes')
    },
    pass: (seconds) => {
      now += seconds * 1000
    },
    origin: given.origin,
    folder: given.folder,
    clock: state.now,
    random: state.random,
    ...peoplePorts(state),
    pilot: async () => done(PILOT),
    ...changePorts(state),
    ...draftPorts(state),
    ...sessionPorts(state),
    ...journalPorts(state),
    ...accessPorts(state),
    ...linkPorts(state),
    subscribe: (_viewer, listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
