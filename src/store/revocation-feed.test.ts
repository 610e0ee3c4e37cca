import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { poolOf } from '../../test/support/journal.ts'
import { openRevocation } from '../identity/revocation.ts'
import { revocationFeed } from './revocation-feed.ts'
import { sessionStore } from './session-store.ts'

let database: FreshDatabase
let admin: ReturnType<typeof poolOf>
beforeAll(async () => {
  database = await freshDatabase()
  admin = poolOf(database.url)
  await admin.query(`
    insert into person (id, name, groups) values ('p', 'P', '{}');
    insert into device (id, person, jkt, jwk, name, platform, enrolled_at) values ('d', 'p', 'k', '{}', 'n', 'linux', now())`)
  for (const id of ['s-1', 's-2']) {
    await admin.query(
      `insert into session (id, person, groups, device, jkt, agent, posture, use_case, accounts, admitted_at, ends_at, refresh_hash)
       values ($1, 'p', '{}', 'd', 'k', '{}', '{}', 'u', '{}', now(), now(), $2)`,
      [id, randomBytes(32)],
    )
  }
})
afterAll(async () => {
  await admin.end()
  await database.close()
})

const cut = () =>
  admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gatehouse revocation' and datname = current_database()`)

describe('revocationFeed', () => {
  it('hears within a second what another process revoked', async () => {
    const revocation = openRevocation()
    expect(revocation.mayTrust()).toBe(false)
    const feed = await revocationFeed({ connectionString: database.roleUrl('gate') }).listen(revocation)
    expect(revocation.mayTrust()).toBe(true)
    const other = poolOf(database.roleUrl('gate'))
    await sessionStore(other).revoke('s-1', 'p', 'why', Date.now())
    await vi.waitFor(() => expect(revocation.isRevoked('s-1')).toBe(true), { timeout: 1000, interval: 10 })
    expect(revocation.isRevoked('s-2')).toBe(false)
    await Promise.all([feed.close(), other.end()])
  })

  it('is not trusted while its line is cut, has everything looked up anew, and hears again once it is back', async () => {
    const revocation = openRevocation()
    const feed = await revocationFeed({ connectionString: database.roleUrl('gate') }).listen(revocation)
    const epoch = revocation.epoch()
    await cut()
    await vi.waitFor(() => expect(revocation.mayTrust()).toBe(false), { timeout: 1000, interval: 5 })
    await vi.waitFor(() => expect(revocation.mayTrust()).toBe(true), { timeout: 5000 })
    expect(revocation.epoch()).toBeGreaterThan(epoch)
    await sessionStore(admin).revoke('s-2', 'p', 'why', Date.now())
    await vi.waitFor(() => expect(revocation.isRevoked('s-2')).toBe(true), { timeout: 1000, interval: 10 })
    await feed.close()
  })

  it('starts without a database, untrusted, and stays closed once closed', async () => {
    const revocation = openRevocation()
    const feed = await revocationFeed({ connectionString: 'postgresql://x:y@127.0.0.1:1/none' }).listen(revocation)
    expect(revocation.mayTrust()).toBe(false)
    await feed.close()
    const live = openRevocation()
    const closed = await revocationFeed({ connectionString: database.roleUrl('gate') }).listen(live)
    await closed.close()
    const left = await admin.query(`select from pg_stat_activity where application_name = 'gatehouse revocation' and datname = current_database()`)
    expect(left.rowCount).toBe(0)
  })
})
