import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { appendingTo, poolOf } from '../../test/support/journal.ts'
import { pgProxy } from '../../test/support/pg-proxy.ts'
import { utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import { entryStoreContract } from '../journal/entry-store.contract.ts'
import { EMPTY_FRONTIER, extend, type Frontier, frontierBytes, parseFrontier } from '../log/frontier.ts'
import { leafHash } from '../log/leaf.ts'
import { journalStore } from './journal-store.ts'
import { vaultStore } from './vault-store.ts'

const batchOf = (text: string, before: Frontier = EMPTY_FRONTIER) => {
  const leaves = [leafHash(utf8(text))]
  return {
    expectedSize: before.size,
    expectedFrontier: frontierBytes(before),
    epoch: 0,
    more: false,
    payloads: [],
    bodies: [utf8(text)],
    leaves,
    frontier: frontierBytes(extend(before, leaves)),
  }
}

/** As the house has it, and as who appends a single entry does. */
const WAYS = [
  ['appends on a connection of their own', true],
  ['appends among the rest', false],
] as const

function opened(url: string, apart: boolean) {
  const pool = poolOf(url)
  const appending = apart ? appendingTo(url) : pool
  return { pool, store: journalStore({ pool, appending }), close: () => Promise.all([pool.end(), ...(apart ? [appending.end()] : [])]) }
}

describe.each(WAYS)('journalStore, %s', (_, apart) => {
  entryStoreContract(async () => {
    const database = await freshDatabase()
    const [one, two, signer] = [opened(database.url, apart), opened(database.roleUrl('apply'), apart), opened(database.roleUrl('sign'), apart)]
    const { saveCheckpoint } = signer.store
    return {
      // Each call by the role whose it is: the applier appends, only the signer saves checkpoints.
      store: { ...one.store, saveCheckpoint },
      other: { ...two.store, saveCheckpoint },
      close: async () => {
        await Promise.all([one.close(), two.close(), signer.close()])
        await database.close()
      },
    }
  })
})

describe('what entries name beside the journal', () => {
  it('becomes durable with them, each by the index of its entry, and not at all with a batch that is not written', async () => {
    const database = await freshDatabase()
    const pool = poolOf(database.roleUrl('gate'))
    const store = journalStore({ pool })
    const beside = (at: number, word: string) => ({ at, payload: { keyIds: ['k-1', 'k-2'], class: 'ask', ciphertext: utf8(word) } })
    const kept = async () => (await vaultStore(pool).payloads([0, 1, 2, 3])).toSorted((a, b) => a.index - b.index)

    expect(await store.append({ ...batchOf('one'), payloads: [beside(0, 'first')] })).toBe('appended')
    expect(await store.append({ ...batchOf('late'), payloads: [beside(0, 'of nobody')] })).toBe('moved')
    const one = extend(EMPTY_FRONTIER, [leafHash(utf8('one'))])
    const [two, three] = [batchOf('two', one), batchOf('three', extend(one, [leafHash(utf8('two'))]))]
    expect(
      await store.append({
        ...two,
        bodies: [...two.bodies, ...three.bodies],
        leaves: [...two.leaves, ...three.leaves],
        frontier: three.frontier,
        payloads: [beside(1, '')],
      }),
    ).toBe('appended')
    expect(await kept()).toEqual([
      { index: 0, keyIds: ['k-1', 'k-2'], class: 'ask', ciphertext: Buffer.from('first') },
      { index: 2, keyIds: ['k-1', 'k-2'], class: 'ask', ciphertext: Buffer.alloc(0) },
    ])
    await pool.end()
    await database.close()
  })
})

describe('appends sent without waiting', () => {
  it('lie with the server in their order: the second is durable before the first is answered', async () => {
    const database = await freshDatabase()
    const wire = await pgProxy(database.roleUrl('gate'))
    const [pool, appending] = [poolOf(database.roleUrl('gate')), appendingTo(wire.url)]
    const store = journalStore({ pool, appending })
    const [zero, one, two] = ['zero', 'one', 'two'].map((text) => leafHash(utf8(text))) as [Uint8Array, Uint8Array, Uint8Array]
    expect(await store.append(batchOf('zero'))).toBe('appended')
    const caught = wire.holdAt('one', 'after')
    const answers = [store.append(batchOf('one', extend(EMPTY_FRONTIER, [zero]))), store.append(batchOf('two', extend(EMPTY_FRONTIER, [zero, one])))]
    const first = await caught
    await waitUntil(async () => (await store.head()).size === 3)
    expect(Buffer.from((await store.head()).frontier)).toEqual(Buffer.from(frontierBytes(extend(EMPTY_FRONTIER, [zero, one, two]))))
    expect(await Promise.race([...answers, Promise.resolve('nothing yet')])).toBe('nothing yet')
    first.release()
    expect(await Promise.all(answers)).toEqual(['appended', 'appended'])
    await Promise.all([pool.end(), appending.end(), wire.close()])
    await database.close()
  })

  it('and the head is taken where they go: who cannot append leaves it to others', async () => {
    const database = await freshDatabase()
    const [pool, none] = [poolOf(database.roleUrl('gate')), appendingTo(database.roleUrl('gate').replace(/gatehouse_gate/, 'nobody'))]
    const store = journalStore({ pool, appending: none })
    await expect(store.take('one', 500)).rejects.toThrow('password authentication failed')
    expect((await store.head()).epoch).toBe(0)
    expect(await journalStore({ pool }).take('two', 500)).toMatchObject({ epoch: 1 })
    await Promise.all([pool.end(), none.end()])
    await database.close()
  })
})

describe.each(WAYS)('journalStore on a database in trouble, %s', (_, apart) => {
  let database: FreshDatabase
  beforeAll(async () => {
    database = await freshDatabase()
  })
  afterAll(() => database.close())

  it('says `moved`, and has written nothing, where a stricter isolation refuses to serialise', async () => {
    const [{ store, close }, admin] = [opened(database.roleUrl('gate'), apart), poolOf(database.url)]
    await admin.query(`do $$ begin execute format('alter database %I set default_transaction_isolation = ''repeatable read''', current_database()); end $$`)
    const rival = await admin.connect()
    await rival.query('begin isolation level read committed')
    await rival.query('update journal_head set size = size')
    const appending = store.append(batchOf('late'))
    await waitUntil(
      async () => (await admin.query(`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%journal_head%'`)).rowCount === 1,
    )
    await rival.query('commit')
    expect(await appending).toBe('moved')
    expect((await store.head()).size).toBe(0)
    rival.release()
    await Promise.all([close(), admin.end()])
  })

  it.each([
    ['53100', 'disk_failed'],
    ['58030', 'disk_failed'],
    ['XX001', 'disk_failed'],
    ['XX002', 'disk_failed'],
  ])('says what SQLSTATE %s means: %s, with nothing written', async (code, said) => {
    const [{ store, close }, admin] = [opened(database.roleUrl('gate'), apart), poolOf(database.url)]
    await admin.query(`create or replace function fail() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '${code}'; end $$`)
    await admin.query('create or replace trigger fail before insert on journal_entry for each row execute function fail()')
    expect(await store.append(batchOf('lost'))).toBe(said)
    await admin.query('drop trigger fail on journal_entry')
    expect((await store.head()).size).toBe(0)
    await Promise.all([close(), admin.end()])
  })

  it('says of the one behind that it moved, and writes neither, when the disk fails under the first', async () => {
    const [{ store, close }, admin] = [opened(database.roleUrl('gate'), apart), poolOf(database.url)]
    await admin.query(`create or replace function fail() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '53100'; end $$`)
    await admin.query(`create or replace trigger fail before insert on journal_entry for each row when (new.body = 'first') execute function fail()`)
    const [first, second] = [store.append(batchOf('first')), store.append(batchOf('second', extend(EMPTY_FRONTIER, [leafHash(utf8('first'))])))]
    expect(await Promise.all([first, second])).toEqual(['disk_failed', 'moved'])
    await admin.query('drop trigger fail on journal_entry')
    expect((await store.head()).size).toBe(0)
    await Promise.all([close(), admin.end()])
  })

  it('rejects when the connection is cut, and works again with the next', async () => {
    const [{ store, close }, admin] = [opened(database.roleUrl('gate'), apart), poolOf(database.url)]
    const rival = await admin.connect()
    await rival.query('begin')
    await rival.query('update journal_head set size = size')
    const appending = store.append(batchOf('cut'))
    const refused = appending.catch((cause: unknown) => cause)
    await waitUntil(
      async () =>
        (await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and query like '%journal_head%'`))
          .rowCount === 1,
    )
    expect(await refused).toMatchObject({ message: 'terminating connection due to administrator command' })
    await rival.query('rollback')
    rival.release()
    expect(await store.append(batchOf('kept'))).toBe('appended')
    expect((await store.read(0, 10)).map(({ body }) => Buffer.from(body).toString())).toEqual(['kept'])
    await Promise.all([close(), admin.end()])
  })

  it('commits to disk although the role was told not to wait for it', async () => {
    const admin = poolOf(database.url)
    await admin.query(`do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$`)
    const { store, close } = opened(database.roleUrl('gate'), apart)
    for (let i = 0; i < 20; i++) {
      const head = await store.head()
      const tree = parseFrontier(head.frontier, head.size) ?? EMPTY_FRONTIER
      const before = await walPosition(admin, 'pg_current_wal_insert_lsn')
      // With a ciphertext and without go by two statements.
      const payloads = i % 2 === 0 ? [] : [{ at: 0, payload: { keyIds: ['k'], class: 'ask', ciphertext: sha256(`c${i}`) } }]
      expect(await store.append({ ...batchOf(`durable ${i}`, tree), payloads })).toBe('appended')
      expect(await walPosition(admin, 'pg_current_wal_flush_lsn')).toBeGreaterThan(before)
    }
    await Promise.all([close(), admin.end()])
  })
})

const walPosition = async (pool: ReturnType<typeof poolOf>, position: string): Promise<number> =>
  Number((await pool.query<{ readonly at: string }>(`select ${position}() - '0/0'::pg_lsn as at`)).rows[0]?.at)

async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it did not come to pass')
}
