import type pg from 'pg'
import { becomeMember, hasDatabase, inTransaction, lockServer, makeRole, withClient } from './migrate.ts'
import { scramVerifier } from './scram.ts'

export type Guest = {
  readonly admin: pg.ClientConfig
  readonly database: string
  /** Owns what is built in it and cannot log in. */
  readonly owner: string
  /** Roles that may connect to this database, each with its password; to no other of ours. */
  readonly logins: Readonly<Record<string, string>>
}

/** A database beside ours for another system (the pilot's TMS), with its own owner and roles, empty when new. Done again it changes nothing. */
export async function guestDatabase({ admin, database, owner, logins }: Guest): Promise<void> {
  await withClient(admin, async (client) => {
    await lockServer(client)
    await inTransaction(client, async () => {
      await makeRole(client, owner, 'nologin')
      for (const [role, password] of Object.entries(logins)) {
        await makeRole(client, role, `login noinherit password ${client.escapeLiteral(scramVerifier(password))}`)
      }
    })
    if (!(await hasDatabase(client, database))) {
      await becomeMember(client, owner)
      await client.query(`create database ${client.escapeIdentifier(database)} owner ${owner} template template0 encoding 'UTF8'`)
    }
    await closeGuest(client, { database, logins: Object.keys(logins) })
  })
}

/** Only these roles may connect. A database made from a template needs it again. @internal */
export async function closeGuest(
  client: pg.ClientBase,
  { database, logins }: { readonly database: string; readonly logins: readonly string[] },
): Promise<void> {
  const name = client.escapeIdentifier(database)
  await client.query(`revoke all on database ${name} from public`)
  await client.query(`grant connect on database ${name} to ${logins.join(', ')}`)
}
