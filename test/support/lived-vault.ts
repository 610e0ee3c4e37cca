import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { afterEach, beforeEach, expect } from 'vitest'
import type { Entry } from '../../src/journal/entry.ts'
import { type Journal, openJournal } from '../../src/journal/open.ts'
import { readTail } from '../../src/journal/tail.ts'
import { localMasterKey } from '../../src/journal/vault/master-key.ts'
import { type Rekeeper, rekey } from '../../src/journal/vault/rekey.ts'
import { openVault, type Vault } from '../../src/journal/vault/vault.ts'
import { vaulted } from '../../src/journal/vault/vaulted.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { vaultRekeying } from '../../src/store/vault-rekeying.ts'
import { vaultKeeping, vaultStore } from '../../src/store/vault-store.ts'
import { type FreshDatabase, freshDatabase } from './database.ts'
import { poolOf } from './journal.ts'

export const OLD = randomBytes(32)
export const NEXT = randomBytes(32)
export const AUTHORITY = { authority: 'the head of security' }
export const MARK_ROW = 'h-0000000000000000'

export let database: FreshDatabase
export let owner: pg.Pool
export let journal: Journal
let now: number
/** The old master key where it is kept; null once it was destroyed. */
export let kept: Buffer | null

export const clock = () => now
export const open = (secret = NEXT): Vault => openVault({ store: vaultStore(owner), master: localMasterKey(secret), random: randomBytes, clock })

type Line = { readonly index: number; readonly entry: Entry }

/** What stood in the house before: a person and an account over two months, and an entry with a payload. */
export type Lived = { readonly anna: string; readonly sealed: readonly (readonly [sealed: string, text: string])[]; readonly asked: Line }
export let lived: Lived

/** A house in a database of its own for each test of the file. */
export function livedVaultEach(): void {
  beforeEach(async () => {
    database = await freshDatabase()
    owner = poolOf(database.url)
    now = Date.parse('2026-11-23T12:00:00Z')
    kept = OLD
    journal = openJournal({ store: journalStore({ pool: owner }), clock, node: 'test' })
    lived = await live()
  })
  afterEach(async () => {
    await journal.drain()
    await owner.end()
    await database.close()
  })
}

export const keepOld = (key: Buffer | null): void => void (kept = key)
export const pass = (ms: number): void => void (now += ms)

async function live(): Promise<Lived> {
  const vault = open(OLD)
  expect(await vault.subjects.isOurs()).toBe(true)
  const anna = await vault.subjects.pseudonym('person:anna')
  const november = await vault.seal([anna], 'of november', 'c')
  const both = await vault.seal([anna, 'account:ACME'], 'of both', 'c')
  now += 20 * 86_400_000
  const december = await open(OLD).seal([anna], 'of december', 'c')
  await vaulted({ record: journal.record, vault, random: (bytes) => randomBytes(bytes) })({
    kind: 'ask.answered',
    outcome: 'done',
    person: anna,
    detail: { asked: { destination: 'Lyon' }, rows: 3 },
  })
  const [asked] = await lines()
  if (!asked) throw new Error('nothing was recorded')
  return {
    anna,
    asked,
    sealed: [
      [november, 'of november'],
      [both, 'of both'],
      [december, 'of december'],
    ],
  }
}

export const lines = async (kind?: string): Promise<readonly Line[]> =>
  (await readTail(journalStore({ pool: owner }), 0, 1000)).flatMap((line) => ('entry' in line && (kind ?? line.entry.kind) === line.entry.kind ? [line] : []))
export const entries = async (kind?: string): Promise<readonly Entry[]> => (await lines(kind)).map(({ entry }) => entry)

export const keeperOf = (over: Partial<Rekeeper> = {}): Rekeeper => ({
  store: vaultStore(owner),
  rekeying: vaultRekeying(owner),
  keeping: vaultKeeping(owner),
  change: {
    begun: () => localMasterKey(NEXT),
    make: () => localMasterKey(NEXT),
    drop: () => undefined,
    old: () => localMasterKey(kept ?? expect.unreachable('the old key is destroyed')),
    settle: async () => void (kept = null),
  },
  record: journal.record,
  random: randomBytes,
  clock,
  ...over,
})

/** Everything the rekeying could touch; equal before and after a refusal. */
const standing = async () => ({
  kept,
  subjects: (await owner.query('select *, xmin from vault_subject order by pseudonym')).rows as unknown,
  keys: (await owner.query('select *, xmin from vault_key order by id')).rows as unknown,
  told: await entries('journal.rekeyed'),
})

/** What came of a change that changed nothing. */
export async function withoutChange(keeper = keeperOf()) {
  await open(OLD).keyOf(['house:journal'])
  const before = await standing()
  const came = await rekey(keeper, AUTHORITY)
  expect(await standing()).toEqual(before)
  return came
}
export const refused = (refusal: object) => ({ ok: false, refusal })
