import { randomBytes } from 'node:crypto'
import { closeGuest, guestDatabase } from '../../src/store/guest.ts'
import { TMS_OWNER, TMS_ROLES, type TmsRole } from '../../src/synth/tms.ts'
import { TMS_TEMPLATE } from './cluster.ts'
import { copyDatabase, dropDatabase, sharedServer, urlOf } from './database.ts'

/** A TMS of this test's own: another database on the run's real PostgreSQL, with the roles and row-level security of the pilot's. */
export type FreshTms = {
  readonly database: string
  /** As the superuser, whom grants and row-level security do not bind: for looking, and for breaking things. */
  readonly url: string
  readonly roleUrl: (role: TmsRole) => string
  readonly close: () => Promise<void>
}

/** With the generated company in it: 10,000 shipments, customers `C-1001` to `C-1400`. */
export async function freshTms(): Promise<FreshTms> {
  await sharedServer('/tms')
  return onDatabase(await copyDatabase(TMS_TEMPLATE, (client, database) => closeGuest(client, { database, logins: TMS_ROLES })))
}

/** Without tables yet. */
export async function emptyTms(): Promise<FreshTms> {
  const { superuser, passwords } = await sharedServer()
  const database = `test_${randomBytes(6).toString('hex')}`
  await guestDatabase({ admin: superuser, database, owner: TMS_OWNER, logins: { tms_read: passwords.tms_read, tms_write: passwords.tms_write } })
  return onDatabase(database)
}

async function onDatabase(database: string): Promise<FreshTms> {
  const { superuser, passwords } = await sharedServer()
  return {
    database,
    url: urlOf(superuser, database),
    roleUrl: (role) => urlOf({ ...superuser, user: role, password: passwords[role] }, database),
    close: () => dropDatabase(database),
  }
}
