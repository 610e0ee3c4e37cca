/**
 * What authority from the journal costs: `node bench/authority.ts`. In memory and one process, so that it is the work itself that is measured: the check at
 * each ask, the following of the journal per entry (own and another's), a grant, and a start from what was kept. Prints a table.
 */
import { randomBytes } from 'node:crypto'
import { toBase64, utf8 } from '../src/base/bytes.ts'
import { sha256 } from '../src/base/digest.ts'
import { ed25519Public, ed25519Signer, ed25519Verifier } from '../src/base/ed25519.ts'
import { done } from '../src/base/outcome.ts'
import { deviceGrant, sessionGrant, tokenGrant } from '../src/identity/grants.ts'
import { type Authority, type AuthorityHouse, openAuthority } from '../src/journal/authority.ts'
import type { AuthorityMemory, AuthorityState } from '../src/journal/authority-state.ts'
import type { Commit } from '../src/journal/commit.ts'
import type { StoredCheckpoint, StoredEntry } from '../src/journal/entry-store.ts'
import { type Record, recorder } from '../src/journal/record.ts'
import { signedCheckpoint } from '../src/log/checkpoint.ts'
import { EMPTY_FRONTIER, extend, type Frontier, frontierBytes, rootOf } from '../src/log/frontier.ts'
import { leafHash } from '../src/log/leaf.ts'
import { signerKey } from '../src/log/note-key.ts'

const [SESSIONS, CLAIMS, ENTRIES] = [1000, 1_000_000, 200_000]
const seed = randomBytes(32)
const [signs, verifies] = [ed25519Signer(seed), ed25519Verifier(ed25519Public(seed))]
const signer = signerKey('bench/log', randomBytes(32))
const entries: StoredEntry[] = []
const checkpoints: StoredCheckpoint[] = []
let tree: Frontier = EMPTY_FRONTIER

const commit: Commit = async (body) => {
  const stored = { index: entries.length, leaf: leafHash(body), body }
  entries.push(stored)
  tree = extend(tree, [stored.leaf])
  return done(stored)
}
const record = recorder({ commit, clock: Date.now, node: 'bench' })
const sign = () => checkpoints.push({ size: tree.size, note: signedCheckpoint(signer, tree.size, rootOf(tree)), frontier: null })
let kept: AuthorityState | null = null
const memory: AuthorityMemory = { load: async () => kept, save: async (state) => void (kept = state) }
const house: AuthorityHouse = {
  store: {
    head: async () => ({ size: tree.size, frontier: frontierBytes(tree), epoch: 0 }),
    read: async (from, limit) => entries.slice(from, from + limit),
    checkpoints: async (from, limit) => checkpoints.filter(({ size }) => size >= from).slice(0, limit),
  },
  record,
  key: {
    sign: (text) => toBase64(signs(utf8(text))),
    verify: (text, signature) => verifies(utf8(text), Buffer.from(signature, 'base64')),
    digests: seed,
  },
  vkey: async () => signer,
  memory,
  clock: Date.now,
}

/** CPU of this process, not the clock on the wall: the machine may be shared. */
async function micros(count: number, work: () => Promise<unknown> | void): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}
const asked = { kind: 'ask.answered', outcome: 'done', session: 's-1', person: 'anna', device: 'd-1', detail: { fields: 'x'.repeat(600) } } as const

async function openSession(authority: Authority, n: number): Promise<() => boolean> {
  const device = deviceGrant({ id: `d-${n}`, person: 'anna', jkt: `thumb-${n}` })
  const session = {
    id: `s-${n}`,
    person: 'anna',
    groups: ['desk', 'returns'],
    device: `d-${n}`,
    jkt: `thumb-${n}`,
    agent: { name: 'claude', version: '1', assurance: 'declared' },
    posture: { assurance: 'self', platform: 'linux', osVersion: '6', diskEncrypted: true, firewallOn: true },
    useCase: 'inquiries',
    accounts: ['acme', 'globex'],
    admittedAt: Date.now(),
    endsAt: Date.now() + 3_600_000,
  } as const
  const token = tokenGrant(randomBytes(32), session.id, session.endsAt)
  await authority.grant({ kind: 'session.admitted', outcome: 'done', session: session.id }, [device, sessionGrant(session), token])
  return authority.claim([token, sessionGrant(session)])
}

const rows: [string, number][] = []
const pair = randomBytes(65)
const hashing = await micros(CLAIMS, () => {
  for (let n = 0; n < CLAIMS; n++) sha256(pair)
})
rows.push(['for scale: one SHA-256 of two hashes, which every entry costs its tree', hashing])
const authority = await openAuthority(house)
const claims: (() => boolean)[] = []
rows.push([
  'a grant (three links, signed)',
  await micros(SESSIONS, async () => {
    for (let n = 0; n < SESSIONS; n++) claims.push(await openSession(authority, n))
  }),
])
let held = 0
rows.push([
  'the check at each ask (token, session, device)',
  await micros(CLAIMS, () => {
    for (let n = 0; n < CLAIMS; n++) if (claims[n % SESSIONS]?.()) held++
  }),
])
if (held !== CLAIMS) throw new Error('a session was not believed')

entries.length = 0
checkpoints.length = 0
tree = EMPTY_FRONTIER
const receipts: Awaited<ReturnType<Record>>[] = []
let next = 0
const given: Record = async () => receipts[next++] as Awaited<ReturnType<Record>>
const own = await openAuthority({ ...house, memory: null, record: given })
let spent = 0
for (let n = 0; n < ENTRIES; n += 1000) {
  ;[receipts.length, next] = [0, 0]
  for (let i = 0; i < 1000; i++) receipts.push(await record(asked))
  sign()
  spent += await micros(1, async () => {
    for (let i = 0; i < 1000; i++) await own.record(asked)
    await own.verify()
  })
  next = 0
  spent -= await micros(1, async () => {
    for (let i = 0; i < 1000; i++) await given(asked)
  })
}
rows.push(['an own entry: known, and under the next signed root', spent / ENTRIES])
const other = await micros(ENTRIES, async () => {
  kept = null
  await openAuthority(house)
})
rows.push(["another process's entry: read, hashed, looked through, under the signed root", other])
rows.push(['a start from what was kept, per entry before it', await micros(ENTRIES, () => openAuthority(house))])

process.stdout.write(`| authority from the journal (${process.version}, CPU) | µs |\n|---|---|\n`)
for (const [what, cost] of rows) process.stdout.write(`| ${what} | ${cost.toFixed(2)} |\n`)
