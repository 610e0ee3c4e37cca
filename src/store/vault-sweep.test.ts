import { EventEmitter } from 'node:events'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { poolOf } from '../../test/support/journal.ts'
import { OWNER } from './grants.ts'
import { openStorePool } from './open-pool.ts'
import { vaultKeeping } from './vault-store.ts'

let database: FreshDatabase
let superuser: pg.Pool
let owner: pg.Pool
let gate: pg.Pool
beforeAll(async () => {
  database = await freshDatabase()
  superuser = poolOf(database.url)
  owner = openStorePool({ connectionString: database.url, options: `-c role=${OWNER}`, max: 2 })
  gate = poolOf(database.roleUrl('gate'))
  await superuser.query("insert into vault_subject (pseudonym, wrapped) values ('p-1', 'key one'), ('p-2', 'key two')")
})
afterAll(async () => {
  await Promise.all([superuser, owner, gate].map((pool) => pool.end()))
  await database.close()
})

const FULL = ['vacuum (full) vault_key', 'vacuum (full) vault_subject']

it.each([
  ['a superuser', () => superuser, []],
  ['the tables’ owner on a managed service', () => owner, ['checkpoint']],
  ['who owns none of them', () => gate, [...FULL, 'vacuum payload', 'checkpoint']],
] as const)('tells what it may not do: %s', async (_, pool, left) => {
  expect(await vaultKeeping(pool()).sweep()).toEqual(left.map((sql) => ({ sql, why: 'forbidden' })))
})

it('tells what the server broke off because its time was over', async () => {
  const hurried = openStorePool({ connectionString: database.url, options: '-c statement_timeout=1s', max: 1 })
  const backup = await superuser.connect()
  try {
    await backup.query('begin; select from vault_key')
    expect(await vaultKeeping(hurried).sweep()).toEqual([{ sql: 'vacuum (full) vault_key', why: 'broken_off' }])
  } finally {
    await backup.query('rollback')
    backup.release()
    await hurried.end()
  }
})

/** A server of which every sweep ends as told. */
function serverThat(ends: (client: EventEmitter) => void): pg.Pool {
  const client = Object.assign(new EventEmitter(), { query: async (sql: string) => void (sql.startsWith('set ') || ends(client)), release: () => undefined })
  return { connect: async () => client } as unknown as pg.Pool
}
const failing = (code: string) => () => {
  throw Object.assign(new Error('ende'), { code })
}

it.each([
  ['a full disk', failing('53100'), 'broken_off'],
  ['a want of memory', failing('53200'), 'broken_off'],
  ['a warning of a server that speaks German', (client: EventEmitter) => client.emit('notice', { severity: 'WARNUNG', code: '01000' }), 'forbidden'],
] as const)('knows by its code, whatever its words, %s', async (_, ends, why) => {
  expect(await vaultKeeping(serverThat(ends)).sweep()).toEqual([...FULL, 'vacuum payload', 'checkpoint'].map((sql) => ({ sql, why })))
})

it('knows by its code what is none of these: it is thrown, or nothing', async () => {
  await expect(vaultKeeping(serverThat(failing('57P01'))).sweep()).rejects.toThrow('ende')
  expect(await vaultKeeping(serverThat((client) => client.emit('notice', { severity: 'WARNING', code: '00000' }))).sweep()).toEqual([])
})

it.each([
  ['holds a table', 'vault_key', [...FULL]],
  ['still sees dead rows', 'vault_hold', ['vacuum (full) vault_subject']],
] as const)('tells where a transaction from before %s, and nothing any more once that has ended', async (_, read, left) => {
  const backup = await superuser.connect()
  try {
    await backup.query(`begin isolation level repeatable read; select from ${read}`)
    await superuser.query('update vault_subject set wrapped = wrapped')
    expect(await vaultKeeping(superuser).sweep()).toEqual(left.map((sql) => ({ sql, why: 'in_use' })))
  } finally {
    await backup.query('rollback')
    backup.release()
  }
  expect(await vaultKeeping(superuser).sweep()).toEqual([])
})
