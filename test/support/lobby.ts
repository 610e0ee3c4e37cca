import { generateKeyPairSync, randomBytes } from 'node:crypto'
import fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import type pg from 'pg'
import { metadataRoutes, wwwAuthenticate } from '../../src/api/metadata.ts'
import { oauthRoutes } from '../../src/api/oauth.ts'
import type { PublicJwk } from '../../src/base/es256.ts'
import { assignPerson } from '../../src/bin/parts/keep-people.ts'
import type { Admission } from '../../src/gate/admit.ts'
import type { Revoking } from '../../src/gate/revoke.ts'
import { selfDeclared } from '../../src/identity/attest.ts'
import { type Authenticate, authenticateWith } from '../../src/identity/authenticate.ts'
import { believedDevices } from '../../src/identity/believed-devices.ts'
import { believedPeople } from '../../src/identity/believed-people.ts'
import { type BelievedSessions, believedSessions } from '../../src/identity/believed-sessions.ts'
import type { DeviceStore } from '../../src/identity/device-store.ts'
import type { Directory } from '../../src/identity/directory.ts'
import { openNonces } from '../../src/identity/nonce.ts'
import { openPassphrases } from '../../src/identity/passphrase.ts'
import type { PersonStore } from '../../src/identity/person-store.ts'
import { openProofs, type Possession, possess } from '../../src/identity/possess.ts'
import { openReplay } from '../../src/identity/replay.ts'
import { openRevocation, type Revocation } from '../../src/identity/revocation.ts'
import type { FrontDesk } from '../../src/identity/sign-in.ts'
import type { Authority as JournalAuthority } from '../../src/journal/authority.ts'
import type { Entry } from '../../src/journal/entry.ts'
import { openJournal } from '../../src/journal/open.ts'
import type { Record } from '../../src/journal/record.ts'
import { type RefusalCode, statusOf } from '../../src/model/refusal.ts'
import { makeProof } from '../../src/proof/dpop.ts'
import { thumbprint } from '../../src/proof/head.ts'
import { deviceStore } from '../../src/store/device-store.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { personStore } from '../../src/store/person-store.ts'
import { sessionStore } from '../../src/store/session-store.ts'
import { grantKey, testAuthority } from './authority.ts'
import { freshDatabase } from './database.ts'
import { poolOf } from './journal.ts'

export const GATE = 'https://gate.example'
const DESK = 'https://desk.example'
export const OPERATION = '/v1/operations/getShipmentSummary'

/** Two use cases, two groups, two customers' accounts. */
const USE_CASES = [
  { id: 'inquiries', title: 'Shipment inquiries', owner: 'Head of Service', purpose: 'to answer customers', groups: ['desk'] },
  { id: 'returns', title: 'Returns', owner: 'Head of Returns', purpose: 'to prepare return labels', groups: ['returns'] },
]
const ACCOUNTS: Readonly<{ [group: string]: readonly string[] }> = { desk: ['acme', 'globex'], returns: ['acme'] }
const DIRECTORY: Directory = {
  useCases: USE_CASES,
  useCasesOf: (groups) => USE_CASES.filter((useCase) => useCase.groups.some((group) => groups.includes(group))),
  accountsOf: (groups) => [...new Set(groups.flatMap((group) => ACCOUNTS[group] ?? []))],
}

/** The part of the house where people and devices come in: real stores on the real PostgreSQL, a real journal, the real routes over HTTP. */
export type Lobby = {
  readonly app: FastifyInstance
  readonly pool: pg.Pool
  readonly people: PersonStore
  readonly devices: DeviceStore
  readonly admission: Admission
  readonly revoking: Revoking
  readonly revocation: Revocation
  readonly authority: JournalAuthority
  readonly desk: FrontDesk
  /** A second gate of the same house: its own caches, nonces and seen-set. */
  readonly authenticateElsewhere: Authenticate
  readonly nonceElsewhere: () => string
  /** Its turn with the journal, which comes every half second. */
  readonly looksElsewhere: () => Promise<void>
  readonly nonce: () => string
  /** Time as every part sees it, in milliseconds since the epoch; a test moves it. */
  readonly time: { now: number }
  /** Whether the journal's database takes anything. */
  readonly journal: { down: boolean }
  /** Entries that became durable, oldest first. */
  readonly entries: Entry[]
  /** How often an ask got past authentication. */
  readonly asked: { count: number }
  readonly voided: string[]
  readonly possession: (device: TestDevice) => Promise<Possession>
  readonly url: string
  /** As the superuser of our database, whom nothing binds. */
  readonly sql: (text: string, values?: readonly unknown[]) => Promise<readonly Readonly<{ [column: string]: unknown }>[]>
  readonly close: () => Promise<void>
}

export async function openLobby(): Promise<Lobby> {
  const database = await freshDatabase()
  const pool = poolOf(database.roleUrl('gate'))
  const superuser = poolOf(database.url)
  const time = { now: Date.parse('2026-11-23T09:00:00Z') }
  const journal = { down: false }
  const entries: Entry[] = []
  const clock = () => time.now
  const given = { store: journalStore({ pool }), record: recordInto(pool, { clock, journal, entries }), key: grantKey(), clock }
  const authority = await testAuthority(given)
  const { record, grant } = authority
  const random = randomBytes

  const { devices, people, standing, sessions } = believedIn(pool, authority, clock)
  const revocation = openRevocation()
  revocation.hearing()
  const here = gateOf(sessions, revocation, clock)
  const admission: Admission = { sessions, devices: standing, people, directory: DIRECTORY, attest: selfDeclared, record, grant, clock, random }
  const voided: string[] = []
  const revoking: Revoking = { sessions, revocation, voidChanges: async (session) => voided.push(session), record, clock }
  const asked = { count: 0 }
  const door = { possess: possess.bind(null, here.proofs), publicUrl: GATE, deskUrl: DESK, freshNonce: here.nonces.fresh }

  const app = fastify({ genReqId: () => `req-${randomBytes(4).toString('hex')}` })
  metadataRoutes(app, { publicUrl: GATE })
  await oauthRoutes(app, { door, admission, enrolment: { people, enrolled: devices, authority, record, grant, clock, random }, revoking })
  app.post(OPERATION, async (request, reply) => {
    const { authorization, dpop } = request.headers
    const caller = await here.authenticate({ authorization, dpop, method: request.method, url: `${GATE}${request.url.split('?', 1)[0]}` })
    reply.header('dpop-nonce', here.nonces.fresh())
    if (!caller.ok) return reply.code(statusOf(caller.refusal.code)).header('www-authenticate', wwwAuthenticate(caller.refusal, GATE)).send(caller.refusal)
    asked.count++
    return { session: caller.value.session.id }
  })

  await people.put({ id: 'p-anna', name: 'p-anna', groups: ['desk'] })
  await people.put({ id: 'p-ben', name: 'p-ben', groups: ['returns'] })
  const desk = { people, passphrases: openPassphrases({ random }), tell: record, grant, clock, random }
  const second = await testAuthority(given)
  const elsewhere = gateOf(believedIn(pool, second, clock).sessions, openRevocation(), clock)
  return {
    app,
    pool,
    people,
    devices,
    admission,
    revoking,
    revocation,
    authority,
    desk,
    time,
    journal,
    entries,
    asked,
    voided,
    possession: possessionAt(here),
    url: database.roleUrl('gate'),
    sql: async (text: string, values: readonly unknown[] = []) => (await superuser.query<{ [column: string]: unknown }>(text, [...values])).rows,
    authenticateElsewhere: elsewhere.authenticate,
    nonceElsewhere: elsewhere.nonces.fresh,
    looksElsewhere: second.verify,
    nonce: here.nonces.fresh,
    close: async () => {
      await app.close()
      await Promise.all([pool.end(), superuser.end()])
      await database.close()
    },
  }
}

/** The rows of this database, as far as this authority has them. */
function believedIn(pool: pg.Pool, authority: JournalAuthority, clock: () => number) {
  const [devices, rows] = [deviceStore(pool), personStore(pool)]
  const people = believedPeople({ ...rows, put: async (person) => assignPerson(authority, rows, person) }, authority)
  return { devices, people, standing: believedDevices(devices, authority), sessions: believedSessions(sessionStore(pool), authority, clock) }
}

function gateOf(sessions: BelievedSessions, revocation: Revocation, clock: () => number) {
  const nonces = openNonces({ clock, random: randomBytes })
  const proofs = openProofs({ nonces, replay: openReplay({ window: nonces.window }), clock })
  return { nonces, proofs, authenticate: authenticateWith({ sessions, proofs, revocation }) }
}

const possessionAt =
  ({ nonces, proofs }: ReturnType<typeof gateOf>): Lobby['possession'] =>
  async (device) => {
    const dpop = device.proof('POST', '/x', { nonce: nonces.fresh() })
    const held = possess(proofs, { authorization: undefined, dpop, method: 'POST', url: `${GATE}/x` })
    if (!held.ok) throw new Error(held.refusal.detail)
    return held.value
  }

/** The real journal, over a store that stops taking entries when the test says so. */
function recordInto(pool: pg.Pool, given: { readonly clock: () => number; readonly journal: { readonly down: boolean }; readonly entries: Entry[] }): Record {
  const real = journalStore({ pool })
  const store: typeof real = {
    ...real,
    append: (...batch) => (given.journal.down ? Promise.reject(new Error('the disk of the journal is gone')) : real.append(...batch)),
  }
  const { record } = openJournal({ store, clock: given.clock, node: 'test', timeoutMs: 300 })
  return async (entry) => {
    const receipt = await record(entry)
    if (receipt.ok) given.entries.push(told(entry))
    return receipt
  }
}

/** Without what it grants, which is for the authority's own tests. */
function told(entry: Entry): Entry {
  const { grant: _, ...detail } = entry.detail ?? {}
  const { detail: __, ...rest } = entry
  return Object.keys(detail).length > 0 ? { ...rest, detail } : rest
}

export type ProofChange = { readonly nonce?: string; readonly accessToken?: string; readonly url?: string; readonly at?: number }

/** A desktop's key, and the requests it makes. */
export type TestDevice = {
  readonly jwk: PublicJwk
  readonly jkt: string
  readonly proof: (method: string, path: string, change?: ProofChange) => string
  /** A form with a fresh proof. */
  readonly form: (path: string, form: Readonly<{ [name: string]: string }>) => Promise<LightMyRequestResponse>
  /** An ask with a token and a proof, both as they should be unless given. */
  readonly ask: (token: string, headers?: Readonly<{ [name: string]: string }>) => Promise<LightMyRequestResponse>
  readonly enrol: (code: string) => Promise<LightMyRequestResponse>
}

export function newDevice(lobby: Lobby): TestDevice {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' }) as PublicJwk
  const jwk = { kty, crv, x, y }
  const proof: TestDevice['proof'] = (method, path, { nonce = lobby.nonce(), accessToken, url = `${GATE}${path}`, at = lobby.time.now } = {}) =>
    makeProof({ key: privateKey, jwk, method, url, nonce, clock: () => at, random: randomBytes, ...(accessToken === undefined ? {} : { accessToken }) })
  return {
    jwk,
    jkt: thumbprint(jwk),
    proof,
    form: (path, form) =>
      lobby.app.inject({
        method: 'POST',
        url: path,
        headers: { dpop: proof('POST', path), 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      }),
    ask: (token, headers = {}) =>
      lobby.app.inject({
        method: 'POST',
        url: OPERATION,
        headers: { authorization: `DPoP ${token}`, dpop: proof('POST', OPERATION, { accessToken: token }), ...headers },
      }),
    enrol: (code) =>
      lobby.app.inject({ method: 'POST', url: '/enrol', headers: { dpop: proof('POST', '/enrol') }, body: { code, jwk, name: 'desk 7', platform: 'linux' } }),
  }
}

/** What an answer refuses with, or `ok`. */
export const codeOf = (response: LightMyRequestResponse): RefusalCode | 'ok' =>
  response.statusCode < 300 ? 'ok' : response.json<{ readonly code: RefusalCode }>().code
