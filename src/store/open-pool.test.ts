import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { openAppendPool, openStorePool } from './open-pool.ts'

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())
afterEach(() => {
  vi.useRealTimers()
})

describe('a connection that nobody used for an hour', () => {
  it.each([
    ['is kept for a journal', openAppendPool, 1],
    ['is closed elsewhere', openStorePool, 0],
  ])('%s', async (_, open, left) => {
    const pool = open({ connectionString: database.url })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await pool.query('select')
    vi.advanceTimersByTime(3_600_000)
    expect(pool.totalCount).toBe(left)
    vi.useRealTimers()
    await pool.end()
  })
})
