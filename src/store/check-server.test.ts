import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { sharedServer } from '../../test/support/database.ts'
import { checkServer, judgeServer } from './check-server.ts'

const durable = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' }

describe('judgeServer', () => {
  it.each([150_000, 180_004])('lets version %d pass', (versionNumber) => {
    expect(judgeServer({ versionNumber, settings: durable })).toBeUndefined()
  })

  it.each([
    [149_999, 'this PostgreSQL is version 14; Gatehouse needs 15 or newer'],
    [Number.NaN, 'this PostgreSQL is version NaN; Gatehouse needs 15 or newer'],
  ])('turns back version %d', (versionNumber, message) => {
    expect(() => judgeServer({ versionNumber, settings: durable })).toThrow(expect.objectContaining({ code: 'postgres_too_old', message }))
  })

  it.each(['local', 'remote_write', 'remote_apply'])('lets synchronous_commit = %s pass: it waits for the own disk', (synchronous_commit) => {
    expect(judgeServer({ versionNumber: 180_004, settings: { ...durable, synchronous_commit } })).toBeUndefined()
  })

  it.each(['fsync', 'full_page_writes', 'synchronous_commit'])('turns back a server with %s off, with the statement to run', (name) => {
    const asked = () => judgeServer({ versionNumber: 180_004, settings: { ...durable, [name]: 'off' } })
    const next = `run as its superuser: ALTER SYSTEM SET ${name} = on; SELECT pg_reload_conf();`
    expect(asked).toThrow(expect.objectContaining({ code: 'fsync_off', message: expect.stringContaining(`${name} is off`), next }))
  })
})

describe('checkServer', () => {
  it('asks the real server, and notices what is off', async () => {
    const client = new pg.Client((await sharedServer()).superuser)
    await client.connect()
    try {
      await checkServer(client)
      await client.query('set synchronous_commit = off')
      await expect(checkServer(client)).rejects.toMatchObject({ code: 'fsync_off' })
    } finally {
      await client.end()
    }
  })
})
