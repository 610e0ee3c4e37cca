import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase, onServer, sharedServer } from '../../test/support/database.ts'
import { toBase64url } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import { GRANTS, PROCESS_ROLES, type ProcessRole } from './grants.ts'
import { migrate, onDatabase, STEPS } from './migrate.ts'

/** The steps' text; there are as many as versions. */
const SCHEMA = readdirSync(import.meta.dirname)
  .filter((name) => /^schema(-\d+)?\.sql$/.test(name))
  .map((name) => readFileSync(new URL(name, import.meta.url), 'utf8'))
const VERSION = SCHEMA.length

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

async function as<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const nameOf = (url: string): string => new URL(url).pathname.slice(1)

async function again(name: string): Promise<void> {
  const { superuser, passwords } = await sharedServer()
  await migrate({ admin: superuser, database: name, roles: passwords, logOrigin: 'another.test/log' })
}

describe('migrate', () => {
  it('changes nothing when done again: the journal, its origin and the version stay', async () => {
    await as(database.roleUrl('gate'), (client) => client.query(`insert into journal_entry (index, leaf, body) values (1000, '\\x00', '\\x01')`))
    const look = (client: pg.Client) =>
      client.query(
        `select (select count(*)::int from journal_entry) as entries, (select log_origin from house) as origin, (select version from house) as version`,
      )
    const before = await as(database.url, look)
    await again(nameOf(database.url))
    expect((await as(database.url, look)).rows).toEqual(before.rows)
    expect(before.rows).toEqual([{ entries: 1, origin: 'gatehouse.test/log', version: VERSION }])
  })

  it('builds a database once when two start at the same time', async () => {
    await Promise.all([again('test_twice'), again('test_twice')])
    const rows = await as(database.url.replace(nameOf(database.url), 'test_twice'), (client) => client.query('select version from house'))
    expect(rows.rows).toEqual([{ version: VERSION }])
    await onServer((client) => client.query('drop database test_twice').then(() => undefined))
  })

  it('turns back a database of a newer version and leaves it as it was', async () => {
    const own = await freshDatabase()
    try {
      await as(own.url, (client) => client.query(`update house set version = ${VERSION + 1}; revoke all on person from gatehouse_gate`))
      await expect(again(nameOf(own.url))).rejects.toMatchObject({ code: 'data_newer', message: expect.stringContaining(`version ${VERSION + 1}`) })
      const granted = await as(own.url, (client) => client.query(`select has_table_privilege('gatehouse_gate', 'person', 'select') as may`))
      expect(granted.rows).toEqual([{ may: false }])
    } finally {
      await own.close()
    }
  })

  it('brings a database of version 1 to this one, and keeps what is in it', async () => {
    await onServer((client) => client.query('create database test_first owner gatehouse_owner template template0').then(() => undefined))
    const url = database.url.replace(nameOf(database.url), 'test_first')
    const now = (await as(database.url, (client) => client.query<{ version: number }>('select version from house'))).rows[0]?.version
    try {
      await as(url, async (client) => {
        await client.query('set role gatehouse_owner')
        await client.query(readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'))
        await client.query("insert into house (version, log_origin) values (1, 'gatehouse.test/log')")
        await client.query("insert into person (id, name, groups) values ('anna', 'Anna', '{}')")
        await client.query("insert into access_request values ('acr-1', 'anna', 'cor-1', 'o', 'r', 'w', 'please', now())")
      })
      for (const _time of ['once', 'again']) {
        await again('test_first')
        const kept = await as(url, (client) =>
          client.query('select note, use_case, answer, (select version from house), (select log_origin from house) from access_request'),
        )
        expect(kept.rows).toEqual([{ note: 'please', use_case: null, answer: null, version: now, log_origin: 'gatehouse.test/log' }])
      }
    } finally {
      await onServer((client) => client.query('drop database test_first').then(() => undefined))
    }
  })

  it('brings ciphertexts from where they lay by digest to their entries, and changes nothing where one is of none', async () => {
    await onServer((client) => client.query('create database test_sixth owner gatehouse_owner template template0').then(() => undefined))
    const url = database.url.replace(nameOf(database.url), 'test_sixth')
    const [first, second, other] = ['first', 'second', 'of no entry'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer]
    const named = (ciphertext: Buffer) => `"payload":{"alg":"A256GCM","digest":"${toBase64url(sha256(ciphertext))}"`
    // Of the last two nobody ever wrote the second: one ciphertext may be named twice.
    const bodies = ['{}', `{"a":"ü",${named(second)}}}`, JSON.stringify({ a: named(second) }), '\u00ff\u0000\\', `{${named(first)}}}`, `{${named(first)}}}`]
    try {
      await as(url, async (client) => {
        await client.query('set role gatehouse_owner')
        for (const step of STEPS.slice(0, 6)) await client.query(readFileSync(new URL(step, import.meta.url), 'utf8'))
        await client.query("insert into house (version, log_origin) values (6, 'gatehouse.test/log')")
        for (const [index, body] of bodies.entries())
          await client.query('insert into journal_entry (index, leaf, body) values ($1, $2, $3)', [index, sha256('leaf'), Buffer.from(body, 'utf8')])
        const add = 'insert into payload (digest, key_ids, class, ciphertext) values ($1, $2, $3, $4)'
        await client.query(add, [sha256(first), ['k-1'], 'ask', null])
        await client.query(add, [sha256(second), ['k-1', 'k-2'], 'change', second])
        await client.query(add, [sha256(other), ['k-1'], 'ask', other])
      })
      await expect(again('test_sixth')).rejects.toMatchObject({
        code: 'data_unreachable',
        message: '1 ciphertexts are of entries that are not in the database: they were pruned, or never were',
        next: expect.stringContaining('no table was changed'),
      })
      expect((await as(url, (client) => client.query('select (select version from house), count(*)::int from payload'))).rows).toEqual([
        { version: 6, count: 3 },
      ])
      await as(url, (client) => client.query('delete from payload where digest = $1', [sha256(other)]))
      await again('test_sixth')
      expect((await as(url, (client) => client.query('select * from payload order by index'))).rows).toEqual([
        { index: '1', key_ids: 'k-1+k-2', class: 'change', ciphertext: second },
        { index: '4', key_ids: 'k-1', class: 'ask', ciphertext: null },
        { index: '5', key_ids: 'k-1', class: 'ask', ciphertext: null },
      ])
    } finally {
      await onServer((client) => client.query('drop database test_sixth').then(() => undefined))
    }
  })

  it('names a server that is not there', async () => {
    const admin = { host: '/nonexistent', port: 1, user: 'a', password: 'b', database: 'postgres' }
    const asked = migrate({ admin, roles: { gate: 'x', apply: 'x', sign: 'x', archive: 'x' }, logOrigin: 'gatehouse.test/log' })
    await expect(asked).rejects.toMatchObject({ code: 'postgres_unreachable' })
  })

  it('changes the database of a URL within it', () => {
    expect(onDatabase({ connectionString: 'postgresql://a:b@%2Ftmp%2Fs:5432/postgres?x=1' }, 'new one').connectionString).toBe(
      'postgresql://a:b@%2Ftmp%2Fs:5432/new%20one?x=1',
    )
  })
})

describe('grants', () => {
  it('name every table of the schema', () => {
    const tables = [...SCHEMA.join('\n').matchAll(/^create table (\w+)/gm)].map(([, name]) => name)
    expect(tables.length).toBeGreaterThan(10)
    expect(new Set(Object.keys(GRANTS))).toEqual(new Set(tables))
  })

  it('are what PostgreSQL enforces, table by table and verb by verb', async () => {
    const verbs = { s: 'select', i: 'insert', u: 'update', d: 'delete', t: 'truncate' }
    const wanted = Object.entries(GRANTS).flatMap(([table, parts]) =>
      Object.entries(PROCESS_ROLES).flatMap(([process, role]) =>
        Object.entries(verbs).map(([letter, verb]) => ({ table, role, verb, may: parts[process as ProcessRole].includes(letter) })),
      ),
    )
    const found = await as(database.url, (client) =>
      client.query(
        `select t as table, r as role, v as verb, has_table_privilege(r, t, v) as may
         from unnest($1::text[], $2::text[], $3::text[]) as x (t, r, v)`,
        [wanted.map((one) => one.table), wanted.map((one) => one.role), wanted.map((one) => one.verb)],
      ),
    )
    expect(found.rows).toEqual(wanted)
  })

  it.each(['gate', 'apply', 'sign', 'archive'] as const)(
    'the %s role can neither change nor remove a journal entry, and it is still there after trying',
    async (role) => {
      const own = await freshDatabase()
      try {
        await as(own.url, (client) => client.query(`insert into journal_entry (index, leaf, body) values (0, '\\x00', '\\x01')`))
        for (const attempt of [`update journal_entry set body = '\\x02'`, 'delete from journal_entry', 'truncate journal_entry', 'drop table journal_entry']) {
          await expect(as(own.roleUrl(role), (client) => client.query(attempt))).rejects.toMatchObject({ code: '42501' })
        }
        const kept = await as(own.url, (client) => client.query(`select encode(body, 'hex') as body from journal_entry`))
        expect(kept.rows).toEqual([{ body: '01' }])
      } finally {
        await own.close()
      }
    },
  )

  it('keep a process from becoming the owner', async () => {
    await expect(as(database.roleUrl('gate'), (client) => client.query('set role gatehouse_owner'))).rejects.toMatchObject({ code: '42501' })
  })
})
