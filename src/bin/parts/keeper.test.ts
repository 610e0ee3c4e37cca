import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { inTransaction } from '../../store/migrate.ts'
import { asOwner } from './keeper.ts'

let database: FreshDatabase
beforeEach(async () => {
  database = await freshDatabase()
})
afterEach(() => database.close())

async function told(config: pg.ClientConfig, work: (client: pg.Client) => Promise<pg.QueryResult>): Promise<readonly object[]> {
  const client = new pg.Client(config)
  await client.connect()
  try {
    return (await work(client)).rows
  } finally {
    await client.end()
  }
}

const set = (statement: string) =>
  told({ connectionString: database.url }, (client) => client.query(statement.replace('$name', new URL(database.url).pathname.slice(1))))

describe('who works on the tables as their owner', () => {
  it('is not hurried by the server’s statement_timeout: an erasure looks at every ciphertext', async () => {
    await set("alter database $name set statement_timeout = '9s'")
    expect(await told({ connectionString: database.url }, (client) => client.query('show statement_timeout'))).toEqual([{ statement_timeout: '9s' }])
    expect(await told(await asOwner(database.url), (client) => client.query('show statement_timeout'))).toEqual([{ statement_timeout: '0' }])
  })

  it.each([
    [6, 'data_unreachable', /older version \(6, this one works on \d+\)/],
    [999, 'data_newer', /newer Gatehouse/],
  ])('does nothing to tables of version %i', async (version, code, message) => {
    await set(`update house set version = ${version}`)
    await expect(asOwner(database.url)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('sees what others committed before it had its locks, whatever the server’s default', async () => {
    await set("alter database $name set default_transaction_isolation = 'repeatable read'")
    let seen: readonly object[] = []
    await told({ connectionString: database.url }, async (client) => {
      await inTransaction(client, async () => void (seen = (await client.query('show transaction_isolation')).rows))
      return client.query('select')
    })
    expect(seen).toEqual([{ transaction_isolation: 'read committed' }])
  })
})
