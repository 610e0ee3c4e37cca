import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { poolOf } from '../../test/support/journal.ts'
import { type PgProxy, pgProxy } from '../../test/support/pg-proxy.ts'
import { inOrder } from './in-order.ts'
import { openStorePool } from './open-pool.ts'

let database: FreshDatabase
let admin: pg.Pool
let wire: PgProxy
beforeAll(async () => {
  database = await freshDatabase()
  admin = poolOf(database.url)
  wire = await pgProxy(database.url)
  await admin.query('create table said (at bigserial, word text)')
})
afterAll(async () => {
  await Promise.all([admin.end(), wire.close()])
  await database.close()
})

const said = async () => (await admin.query<{ word: string }>('select word from said order by at')).rows.map(({ word }) => word)
const refusalOf = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => 'no refusal',
    (cause: Error) => cause.message,
  )

describe.each([
  ['sent one behind the other', true],
  ['each sent once the last is answered', false],
])('statements in order, %s', (_, pipeline) => {
  let pool: pg.Pool
  let ordered: ReturnType<typeof inOrder>
  beforeEach(async () => {
    await admin.query('truncate said')
    pool = openStorePool({ connectionString: wire.url, max: 1, pipeline })
    ordered = inOrder(pool)
  })
  afterEach(() => pool.end())

  /** Says a word, in a transaction of its own; the connection that did. */
  const say = (word: string, more: object = {}): Promise<number> =>
    ordered(async (client) => {
      const { rows } = await client.query<{ pid: number }>({
        text: 'insert into said (word) values ($1) returning pg_backend_pid() as pid',
        values: [word],
        ...more,
      })
      return rows[0]?.pid ?? 0
    })
  const fail = () => ordered((client) => client.query('select 1 / 0'))

  it('run on one connection as they were given, and leave it to the pool when none is under way', async () => {
    const pids = await Promise.all(['one', 'two', 'three'].map((word) => say(word)))
    expect(await said()).toEqual(['one', 'two', 'three'])
    expect(new Set(pids).size).toBe(1)
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1])
    expect(await say('four')).toBe(pids[0])
  })

  it(`${pipeline ? 'reach' : 'do not reach'} the server while the one before is not answered`, async () => {
    await say('zero')
    const caught = wire.holdAt('one', 'after')
    const [one, two] = [say('one'), say('two')]
    const held = await caught
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await said()).toEqual(pipeline ? ['zero', 'one', 'two'] : ['zero', 'one'])
    held.release()
    expect(await one).toBe(await two)
    expect(await said()).toEqual(['zero', 'one', 'two'])
  })

  it('answer each its own when one fails; the next has another connection, and the failed one is closed', async () => {
    const [one, failed, two] = [say('one'), fail(), say('two')]
    expect(await refusalOf(failed)).toBe('division by zero')
    const three = say('three')
    expect(await two).toBe(await one)
    expect(await three).not.toBe(await one)
    expect((await said()).toSorted()).toEqual(['one', 'three', 'two'])
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1])
  })

  it('stay in order on the next connection when the last answer comes on the failed one', async () => {
    const two = openStorePool({ connectionString: wire.url, max: 3, pipeline })
    const apart = inOrder(two)
    const pid = () => apart(async (client) => (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid)
    const failed = apart((client) => client.query('select 1 / 0'))
    const behind = apart((client) => client.query('select pg_sleep(0.1)'))
    expect(await refusalOf(failed)).toBe('division by zero')
    const slow = apart((client) => client.query<{ pid: number }>('select pg_backend_pid() as pid, pg_sleep(0.3)'))
    await behind
    expect(await pid()).toBe((await slow).rows[0]?.pid)
    await two.end()
  })

  it('are all refused when the connection is cut under them, and the next goes on', async () => {
    await say('zero')
    wire.cutAt('two', 'before')
    const answers = [say('one'), say('two'), say('three')]
    const cut = 'Connection terminated unexpectedly'
    const told = pipeline ? cut : 'Client has encountered a connection error and is not queryable'
    expect(await Promise.all(answers.slice(1).map(refusalOf))).toEqual([cut, told])
    await Promise.allSettled(answers)
    await say('four')
    expect(await said()).not.toContain('three')
    expect((await said()).at(-1)).toBe('four')
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1])
  })

  it('never take the answer of one that took too long for their own', async () => {
    await say('zero')
    const slow = ordered((client) => client.query({ text: 'select pg_sleep(1), 0 as pid', query_timeout: 50 } as pg.QueryConfig))
    const behind = say('one').catch(() => 'refused')
    expect(await refusalOf(slow)).toBe('Query read timeout')
    expect(await behind).not.toBe(0)
    await say('two')
    expect(await said()).toContain('two')
    expect((await said()).filter((word) => word === 'one').length).toBe((await behind) === 'refused' ? 0 : 1)
  })

  it('are refused when no connection is to be had, and go on when one is', async () => {
    wire.cutAt('gatehouse', 'before')
    const none = openStorePool({ connectionString: wire.url, application_name: 'gatehouse', max: 1, pipeline })
    const tried = inOrder(none)
    const ping = () => tried((client) => client.query('select'))
    expect(await Promise.all([ping(), ping()].map(refusalOf))).toEqual(Array(2).fill('Connection terminated unexpectedly'))
    expect((await ping()).rowCount).toBe(1)
    await none.end()
  })
})
