import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { deriveKey } from '../../src/base/digest.ts'
import { newId } from '../../src/base/id.ts'
import { localTime } from '../../src/base/local-time.ts'
import { done, type Outcome, refuse } from '../../src/base/outcome.ts'
import { askParser } from '../../src/catalogue/ask.ts'
import { changeDigest } from '../../src/changes/change.ts'
import type { Connector, Query } from '../../src/connectors/connector.ts'
import { fetcher } from '../../src/connectors/fetch.ts'
import { openPool } from '../../src/connectors/sql/pool.ts'
import { postgresConnector } from '../../src/connectors/sql/postgres.ts'
import { answer } from '../../src/gate/answer.ts'
import type { Gate, Knock } from '../../src/gate/gate.ts'
import type { Answer } from '../../src/gate/release.ts'
import { believedSessions } from '../../src/identity/believed-sessions.ts'
import type { Authority } from '../../src/journal/authority.ts'
import { openJournal } from '../../src/journal/open.ts'
import type { Recorded } from '../../src/journal/recorded.ts'
import { readTail } from '../../src/journal/tail.ts'
import { discloser, type ExposureLimits } from '../../src/limits/disclose.ts'
import { reserver } from '../../src/limits/reserve.ts'
import { type WaitingLimits, waitingCap } from '../../src/limits/waiting.ts'
import type { Session } from '../../src/model/principal.ts'
import { type Refusal, refusal } from '../../src/model/refusal.ts'
import type { Row } from '../../src/model/row.ts'
import { authoriser } from '../../src/policy/authorise.ts'
import { changeConnector } from '../../src/store/change-connector.ts'
import { changeStore } from '../../src/store/change-store.ts'
import { draftStore } from '../../src/store/draft-store.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { exposureLedger } from '../../src/store/ledger.ts'
import { sessionStore } from '../../src/store/session-store.ts'
import { authorityOfBefore, testAuthority } from './authority.ts'
import { type HeldSession, type Identity, NOON, openIdentity } from './caller.ts'
import { freshDatabase } from './database.ts'
import { appendingTo, poolOf } from './journal.ts'
import { keepSession } from './kept-session.ts'
import { PACK } from './pack.ts'
import { type SmallTms, smallTms } from './small-tms.ts'
import { ROOT_KEY, tokensOf } from './stages.ts'

/** `broken`: not down, but faulty as our own code may be. */
type State = 'up' | 'down' | 'broken'

/** What a test may break or watch of a gate. Everything is real: pack, database, journal, ledger, source, sessions and their proofs. */
export type Weather = {
  now: number
  journal: 'up' | 'down'
  /** Whether the journal's witnesses are there. */
  witness: 'up' | 'down'
  ledger: State
  stores: State
  limits: ExposureLimits
  readonly waiting: { -readonly [limit in keyof WaitingLimits]: number }
  /** What the TMS answers in place of its own, once its own is there. */
  source: ((query: Query, own: Outcome<readonly Row[], Refusal>) => Promise<Outcome<readonly Row[], Refusal>>) | null
}

export type TestGate = {
  readonly gate: Gate
  readonly authority: Authority
  readonly weather: Weather
  readonly identity: Identity
  readonly tms: SmallTms
  readonly pool: pg.Pool
  /** What the TMS was asked. */
  readonly asked: Query[]
  readonly session: (over?: Partial<Session>) => Promise<HeldSession>
  readonly knock: (by: HeldSession, operation: string, input: unknown) => Knock
  readonly ask: (by: HeldSession, operation: string, input: unknown) => Promise<Outcome<Answer, Refusal>>
  /** Entries of the journal from an index on. */
  readonly entries: (from?: number) => Promise<readonly Recorded[]>
  readonly close: () => Promise<void>
}

/** `journalVia`: another way for the journal's connections to our database, such as a proxy that can be cut. */
export async function openTestGate({ journalVia = async (url: string) => url } = {}): Promise<TestGate> {
  const [database, tms] = [await freshDatabase(), await smallTms()]
  const pool = poolOf(database.roleUrl('gate'))
  const journalUrl = await journalVia(database.roleUrl('gate'))
  const [journalPool, appending] = [poolOf(journalUrl), appendingTo(journalUrl)]
  const reading = openPool({ url: tms.roleUrl('tms_read'), max: 4, statementTimeoutMs: 5000, name: 'test' })
  const weather = fairWeather()
  const asked: Query[] = []
  const clock = () => weather.now

  const store = journalStore({ pool: journalPool, appending })
  const append = whileUp(store.append, () => weather.journal, broken)
  const journal = openJournal({ store: { ...store, append }, clock, node: 'test' })
  const ledger = { spend: whileUp(exposureLedger(pool).spend, () => weather.ledger, unreachable) }
  const [changes, drafts] = [changeStore(pool, changeDigest), draftStore(pool)]
  const authority = await testAuthority({ store, record: journal.record, clock })
  const before = await authorityOfBefore(clock)
  const identity = openIdentity(believedSessions(sessionStore(pool), before, clock), clock)
  const gate: Gate = {
    catalogue: PACK.catalogue,
    parse: askParser(PACK.catalogue),
    authorise: authoriser(PACK.bundle, PACK.directory.ownerOf),
    reserve: reserver({ costMax: 60, costPerMinute: 1500 }),
    inTurn: waitingCap(weather.waiting, changes.undecided),
    fetch: fetcher({ tms: watched(postgresConnector(reading), asked, weather), gatehouse: changeConnector(pool) }),
    tokensOf,
    disclose: discloser(ledger, { ...PACK.directory, exposureOf: () => weather.limits }, deriveKey(ROOT_KEY, 'gatehouse exposure', 32)),
    record: authority.record,
    grant: authority.grant,
    isRevoked: identity.revocation.isRevoked,
    mayWrite: () => (weather.witness === 'up' ? done(null) : refuse(refusal('journal_unwitnessed', 'no witness has seen the journal for 600 s'))),
    changes: { ...changes, keep: whileUp(changes.keep, () => weather.stores, unreachable) },
    drafts: { ...drafts, keep: whileUp(drafts.keep, () => weather.stores, unreachable) },
    newId: (prefix) => newId(prefix, randomBytes),
    clock,
    localTime: localTime('UTC'),
  }
  let knocks = 0
  const knock: TestGate['knock'] = (by, operation, input) => ({
    operation,
    input,
    correlation: `cor-${++knocks}`,
    authenticate: () => by.authenticate(identity),
  })
  return {
    gate,
    authority,
    weather,
    identity,
    tms,
    pool,
    asked,
    session: (over) => keepSession(pool, over, { authority: before, clock }),
    knock,
    ask: (by, operation, input) => answer(gate, knock(by, operation, input)),
    entries: async (from = 0) => (await readTail(store, from, 1000)).flatMap((line) => ('entry' in line ? [line.entry] : [])),
    close: async () => {
      await journal.drain()
      await Promise.all([pool.end(), journalPool.end(), appending.end(), reading.end()])
      await Promise.all([database.close(), tms.close()])
    },
  }
}

const fairWeather = (): Weather => ({
  now: NOON,
  journal: 'up',
  witness: 'up',
  ledger: 'up',
  stores: 'up',
  limits: { subject: 150, price: 1000 },
  waiting: { waitingPerSession: 1000, waitingPerPerson: 1000 },
  source: null,
})

/** The same call while its part of the house is up; what it says of itself while it is down; and a bug of ours thrown while it is broken. */
const whileUp =
  <Given extends readonly unknown[], T>(call: (...given: Given) => Promise<T>, state: () => State, down: () => Promise<T>) =>
  (...given: Given): Promise<T> =>
    state() === 'up' ? call(...given) : state() === 'down' ? down() : Promise.reject(new TypeError('CANARY is not a function'))

const broken = () => Promise.reject(new Error('down'))
const unreachable = async () => refuse(refusal('store_unavailable', "the gate's database does not answer"))

const watched = (connector: Connector, asked: Query[], weather: Weather): Connector => ({
  async read(query) {
    asked.push(query)
    const own = await connector.read(query)
    return weather.source ? weather.source(query, own) : own
  },
})
