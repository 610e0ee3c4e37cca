import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { changeOf } from '../../test/support/change.ts'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { poolOf } from '../../test/support/journal.ts'
import { changeDigest } from '../changes/change.ts'
import { localMasterKey } from '../journal/vault/master-key.ts'
import { openVault, type Vault } from '../journal/vault/vault.ts'
import { accessRequests } from './access-requests.ts'
import { changeStore } from './change-store.ts'
import { deviceStore } from './device-store.ts'
import { draftStore } from './draft-store.ts'
import { personStore } from './person-store.ts'
import { sealBefore } from './seal-before.ts'
import { sealedChanges } from './sealed-changes.ts'
import { sealedDevices, sealedPeople } from './sealed-people.ts'
import { sealedSessions } from './sealed-sessions.ts'
import { sealedDrafts, sealedRequests } from './sealed-words.ts'
import { sessionStore } from './session-store.ts'
import { vaultStore } from './vault-store.ts'

const NOW = Date.parse('2026-11-23T12:00:00Z')
const TABLES = ['person', 'device', 'session', 'change', 'draft', 'access_request']
const CLEAR = [
  'canary-anna',
  'Canary Lind',
  'canary laptop',
  'CANARY-1',
  'canary lost',
  'CANARY-S-9',
  'canary_transit',
  'canary note',
  'canary answer',
  'drf_canary',
]

let database: FreshDatabase
let pool: pg.Pool
let vault: Vault
beforeAll(async () => {
  database = await freshDatabase()
  pool = poolOf(database.url)
  vault = openVault({ store: vaultStore(pool), master: localMasterKey(randomBytes(32)), random: randomBytes, clock: () => NOW })
  await leaveClearRows()
})
afterAll(async () => {
  await pool.end()
  await database.close()
})

/** As the version before the vault wrote them. */
async function leaveClearRows(): Promise<void> {
  await personStore(pool).put({ id: 'canary-anna', name: 'Canary Lind', groups: ['desk'] })
  const device = { id: 'd-1', person: 'canary-anna', jkt: 'j', name: 'canary laptop', platform: 'linux', enrolledAt: NOW, revokedAt: null }
  await deviceStore(pool).add(device, { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' })
  const agent = { name: 'claude', version: '1', assurance: 'declared' } as const
  const posture = { assurance: 'self', platform: 'linux', osVersion: '13', diskEncrypted: true, firewallOn: true } as const
  const session = {
    id: 's-1',
    person: 'canary-anna',
    groups: ['desk'],
    device: 'd-1',
    jkt: 'j',
    agent,
    posture,
    useCase: 'u',
    accounts: ['CANARY-1', 'CANARY-2'],
    admittedAt: NOW,
    endsAt: NOW + 1000,
  }
  await sessionStore(pool).add(session, randomBytes(32))
  await sessionStore(pool).revoke('s-1', 'canary-anna', 'canary lost', NOW)
  const change = changeOf({ id: 'chg-1', session: 's-1', person: 'canary-anna', key: 'CANARY-S-9', account: 'CANARY-1', before: { status: 'canary_transit' } })
  await changeStore(pool, changeDigest).keep(change)
  await draftStore(pool).keep({
    id: 'drf-1',
    session: 's-1',
    person: 'canary-anna',
    useCase: 'u',
    operation: 'o',
    key: 'CANARY-S-9',
    sealed: 'drf_canary',
    createdAt: NOW,
  })
  const request = {
    id: 'acr-1',
    person: 'canary-anna',
    correlation: 'c',
    operation: 'o',
    useCase: null,
    rule: 'r',
    owner: 'w',
    note: 'canary note',
    askedAt: NOW,
  }
  await accessRequests(pool).add(request)
  await accessRequests(pool).answer('acr-1', { by: 'canary-anna', at: NOW, answer: 'canary answer' })
}

async function rowsText(): Promise<string> {
  const all = await Promise.all(TABLES.map(async (table) => (await pool.query<{ row: string }>(`select t::text as row from ${table} t order by 1`)).rows))
  return all
    .flat()
    .map(({ row }) => row)
    .join('\n')
}

it('seals what an older version left in clear, so that the house reads it as it was; once', async () => {
  const before = await rowsText()
  expect(CLEAR.filter((canary) => !before.includes(canary))).toEqual([])
  const client = await pool.connect()
  try {
    await sealBefore(client, vault)
    const after = await rowsText()
    expect(CLEAR.filter((canary) => after.includes(canary))).toEqual([])
    await sealBefore(client, vault)
    expect(await rowsText()).toBe(after)
  } finally {
    client.release()
  }

  const anna = String(await vault.subjects.known('person:canary-anna'))
  expect(await sealedPeople(personStore(pool), vault).byId(anna)).toMatchObject({ value: { name: 'Canary Lind' } })
  expect(await sealedDevices(deviceStore(pool), vault).byId('d-1')).toMatchObject({ value: { person: anna, name: 'canary laptop' } })
  const found = await sealedSessions(sessionStore(pool), vault).byId('s-1')
  expect(found).toMatchObject({ value: { session: { person: anna, accounts: ['CANARY-1', 'CANARY-2'] }, revoked: { by: anna, why: 'canary lost' } } })
  const change = await changeStore(pool, changeDigest, sealedChanges(vault)).find('chg-1')
  expect(change).toMatchObject({ person: anna, key: 'CANARY-S-9', account: 'CANARY-1', before: { status: 'canary_transit' } })
  expect(await sealedDrafts(draftStore(pool), vault).find('drf-1')).toMatchObject({ key: 'CANARY-S-9', sealed: 'drf_canary' })
  expect(await sealedRequests(accessRequests(pool), vault).find('acr-1')).toMatchObject({
    note: 'canary note',
    answered: { by: anna, answer: 'canary answer' },
  })
})
