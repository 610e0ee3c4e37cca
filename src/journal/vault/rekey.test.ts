import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { poolOf } from '../../../test/support/journal.ts'
import { done, refuse } from '../../base/outcome.ts'
import { refusal as refusalOf } from '../../model/refusal.ts'
import { byteaArray } from '../../store/bytea-array.ts'
import { journalStore } from '../../store/journal-store.ts'
import { openStorePool } from '../../store/open-pool.ts'
import { vaultRekeying } from '../../store/vault-rekeying.ts'
import { vaultKeeping, vaultStore } from '../../store/vault-store.ts'
import type { Entry } from '../entry.ts'
import { type Journal, openJournal } from '../open.ts'
import { readTail } from '../tail.ts'
import { erase } from './erase.ts'
import { keyContext } from './key-ring.ts'
import { localMasterKey } from './master-key.ts'
import { unsealed } from './read.ts'
import { type Rekeeper, rekey } from './rekey.ts'
import { openVault, type Vault } from './vault.ts'
import { vaulted } from './vaulted.ts'

const OLD = randomBytes(32)
const NEXT = randomBytes(32)
const AUTHORITY = { authority: 'the head of security' }
const MARK_ROW = 'h-0000000000000000'

let database: FreshDatabase
let owner: pg.Pool
let journal: Journal
let now: number
/** The old master key where it is kept; null once it was destroyed. */
let kept: Buffer | null

const clock = () => now
const open = (secret = NEXT): Vault => openVault({ store: vaultStore(owner), master: localMasterKey(secret), random: randomBytes, clock })

/** What stood in the house before: a person and an account over two months, and an entry with a payload. */
type Lived = { readonly anna: string; readonly sealed: readonly (readonly [sealed: string, text: string])[]; readonly entry: Entry }
let lived: Lived

beforeEach(async () => {
  database = await freshDatabase()
  owner = poolOf(database.url)
  now = Date.parse('2026-11-23T12:00:00Z')
  kept = OLD
  journal = openJournal({ store: journalStore({ pool: owner }), clock, node: 'test' })
  lived = await live()
})
afterEach(async () => {
  await journal.drain()
  await owner.end()
  await database.close()
})

async function live(): Promise<Lived> {
  const vault = open(OLD)
  expect(await vault.subjects.isOurs()).toBe(true)
  const anna = await vault.subjects.pseudonym('person:anna')
  const november = await vault.seal([anna], 'of november', 'c')
  const both = await vault.seal([anna, 'account:ACME'], 'of both', 'c')
  now += 20 * 86_400_000
  const december = await open(OLD).seal([anna], 'of december', 'c')
  await vaulted({ record: journal.record, vault, random: (bytes) => randomBytes(bytes) })({
    kind: 'ask.answered',
    outcome: 'done',
    person: anna,
    detail: { asked: { destination: 'Lyon' }, rows: 3 },
  })
  const [entry] = await entries()
  if (!entry) throw new Error('nothing was recorded')
  return {
    anna,
    entry,
    sealed: [
      [november, 'of november'],
      [both, 'of both'],
      [december, 'of december'],
    ],
  }
}

const entries = async (kind?: string): Promise<readonly Entry[]> =>
  (await readTail(journalStore({ pool: owner }), 0, 1000)).flatMap((line) =>
    'entry' in line && (kind ?? line.entry.kind) === line.entry.kind ? [line.entry] : [],
  )

const keeperOf = (over: Partial<Rekeeper> = {}): Rekeeper => ({
  store: vaultStore(owner),
  rekeying: vaultRekeying(owner),
  keeping: vaultKeeping(owner),
  change: {
    next: localMasterKey(NEXT),
    old: () => localMasterKey(kept ?? expect.unreachable('the old key is destroyed')),
    settle: async () => void (kept = null),
  },
  record: journal.record,
  random: randomBytes,
  clock,
  ...over,
})

/** Everything the rekeying could touch; equal before and after a refusal. */
const standing = async () => ({
  kept,
  subjects: (await owner.query('select *, xmin from vault_subject order by pseudonym')).rows as unknown,
  keys: (await owner.query('select *, xmin from vault_key order by id')).rows as unknown,
  told: await entries('journal.rekeyed'),
})

/** What came of a change that changed nothing. */
async function withoutChange(keeper = keeperOf()) {
  await open(OLD).keyOf(['house:journal'])
  const before = await standing()
  const came = await rekey(keeper, AUTHORITY)
  expect(await standing()).toEqual(before)
  return came
}
const refused = (refusal: object) => ({ ok: false, refusal })

/** All that stood before is there under the new key, and the old one opens nothing and is gone. */
async function expectRekeyed(): Promise<void> {
  const vault = open()
  expect(await vault.subjects.isOurs()).toBe(true)
  for (const [sealed, text] of lived.sealed) expect(await vault.open(sealed, 'c')).toEqual({ text })
  expect(await vault.subjects.known('person:anna')).toBe(lived.anna)
  expect(await vault.subjects.who(lived.anna)).toBe('person:anna')
  expect(await unsealed(vault, vaultStore(owner), [lived.entry])).toMatchObject([{ detail: { asked: { destination: 'Lyon' } } }])
  expect(await open(OLD).subjects.isOurs()).toBe(false)
  await expect(open(OLD).open(lived.sealed[0]?.[0] ?? '', 'c')).rejects.toThrow('does not unwrap')
  expect(await open(OLD).subjects.known('person:anna')).toBeNull()
  expect(kept).toBeNull()
  const last = (await entries('journal.rekeyed')).at(-1)
  const index = (await owner.query<{ index: Buffer }>('select index from vault_subject where pseudonym = $1', [MARK_ROW])).rows[0]?.index
  expect(last?.detail?.['newKey']).toBe(index?.toString('hex').slice(0, 16))
  expect(last && (await unsealed(vault, vaultStore(owner), [last]))).toMatchObject([{ detail: AUTHORITY }])
  expect(JSON.stringify(last)).not.toContain(AUTHORITY.authority)
}

describe('another master key', () => {
  it('opens every value from before, finds every name, and makes new keys', async () => {
    expect(await rekey(keeperOf(), AUTHORITY)).toEqual({ ok: true, value: { already: false, subjects: 4, keys: 4, unswept: [] } })
    await expectRekeyed()
    const vault = open()
    const sealed = await vault.seal(['person:ben', lived.anna], 'new', 'c')
    now += 40 * 86_400_000
    const later = await open().seal([lived.anna], 'later', 'c')
    expect(await Promise.all([open().open(sealed, 'c'), open().open(later, 'c')])).toEqual([{ text: 'new' }, { text: 'later' }])
    expect(await open().subjects.pseudonym('person:anna')).toBe(lived.anna)
  })

  it.each([999, 1000, 1001, 2500])('has exchanged all of %i keys of one subject, a thousand in a statement', async (many) => {
    const months = Array.from({ length: many }, (_, n) => `${1000 + n}-01`)
    const rows = await Promise.all(
      months.map(async (month) => {
        const row = { id: `k-${month}`, pseudonym: lived.anna, month }
        return { ...row, wrapped: await localMasterKey(OLD).wrap(randomBytes(32), keyContext(row)) }
      }),
    )
    await owner.query(
      'insert into vault_key (id, pseudonym, month, wrapped) select id, $1, month, wrapped from unnest($2::text[], $3::text[], $4::bytea[]) as new (id, month, wrapped)',
      [lived.anna, rows.map(({ id }) => id), months, byteaArray(rows.map(({ wrapped }) => wrapped))],
    )
    const seen: (readonly [number, number])[] = []
    expect(await rekey(keeperOf(), AUTHORITY, (rows_, of) => void seen.push([rows_, of]))).toMatchObject({ ok: true, value: { keys: many + 4 } })
    expect(seen.at(-1)).toEqual([many + 8, many + 8])
    const wrapped = (
      await owner.query<{ id: string; month: string; wrapped: Buffer }>('select id, month, wrapped from vault_key where pseudonym = $1', [lived.anna])
    ).rows
    const opened = await Promise.all(wrapped.map((row) => localMasterKey(NEXT).unwrap(row.wrapped, keyContext({ ...row, pseudonym: lived.anna }))))
    expect(opened).toHaveLength(many + 2)
    expect(opened).not.toContain(null)
  })

  it('makes a backup from before worthless: not even what nobody erased opens, and the old key is gone', async () => {
    const keys = open(OLD)
    const ofBen = await keys.seal(['person:ben'], 'of ben', 'c')
    for (const table of ['vault_subject', 'vault_key']) await owner.query(`create table backup_of_${table} as table ${table}`)
    const restore = async () => {
      await owner.query('truncate vault_subject cascade')
      for (const table of ['vault_subject', 'vault_key']) await owner.query(`insert into ${table} table backup_of_${table}`)
    }
    const record = vaulted({ record: journal.record, vault: keys, random: (bytes) => randomBytes(bytes) })
    expect(
      await erase({ keeping: vaultKeeping(owner), subjects: keys.subjects, record, clock }, { subject: 'person:anna', authority: 'a', basis: 'b' }),
    ).toMatchObject({ ok: true })
    for (const table of ['vault_subject', 'vault_key']) await owner.query(`create table after_of_${table} as table ${table}`)

    // Without a change of keys the backup opens what was erased.
    await restore()
    for (const [sealed, text] of lived.sealed) expect(await open(OLD).open(sealed, 'c')).toEqual({ text })
    await owner.query('truncate vault_subject cascade')
    for (const table of ['vault_subject', 'vault_key']) await owner.query(`insert into ${table} table after_of_${table}`)

    expect(await rekey(keeperOf(), AUTHORITY)).toMatchObject({ ok: true })
    for (const [sealed] of lived.sealed) expect(await open().open(sealed, 'c')).toBe('erased')
    expect(await open().open(ofBen, 'c')).toEqual({ text: 'of ben' })
    expect(kept).toBeNull()
    await restore()
    expect(await open().subjects.isOurs()).toBe(false)
    for (const sealed of [...lived.sealed.map(([one]) => one), ofBen]) await expect(open().open(sealed, 'c')).rejects.toThrow('does not unwrap')
    await expect(open().subjects.who(lived.anna)).rejects.toThrow('does not open')
  })

  it('leaves no wrapped key of before in the tables’ files', async () => {
    const path = async (table: string) => (await owner.query<{ file: string }>('select pg_relation_filepath($1) as file', [table])).rows[0]?.file
    const before = await Promise.all(['vault_key', 'vault_subject'].map(path))
    const wrapped = (await owner.query<{ wrapped: Buffer }>('select wrapped from vault_key union all select wrapped from vault_subject')).rows
    await rekey(keeperOf(), AUTHORITY)
    const after = await Promise.all(['vault_key', 'vault_subject'].map(path))
    expect(before.filter((one) => after.includes(one))).toEqual([])
    for (const file of after) {
      const { rows } = await owner.query<{ bytes: Buffer }>('select pg_read_binary_file($1) as bytes', [file])
      expect(wrapped.filter((one) => rows[0]?.bytes.includes(one.wrapped))).toEqual([])
    }
  })
})

describe('a change of keys that breaks', () => {
  const died = (): never => {
    throw new Error('the process died')
  }
  /** Dies at a step, before it is done or after. */
  const dying = {
    record: (isDone) => ({
      record: async (...entry) => {
        if (isDone) await journal.record(...entry)
        return died()
      },
    }),
    exchange: (isDone) => ({
      rekeying: {
        ...vaultRekeying(owner),
        exchange: async (how) => {
          if (isDone) await vaultRekeying(owner).exchange(how)
          return died()
        },
      },
    }),
    sweep: (isDone) => ({
      keeping: {
        sweep: async () => {
          if (isDone) await vaultKeeping(owner).sweep()
          return died()
        },
      },
    }),
    settle: (isDone) => ({
      change: {
        ...keeperOf().change,
        settle: async () => {
          if (isDone) kept = null
          died()
        },
      },
    }),
  } satisfies { readonly [step: string]: (isDone: boolean) => Partial<Rekeeper> }

  it.each((['record', 'exchange', 'sweep', 'settle'] as const).flatMap((step) => [false, true].map((isDone) => [step, isDone] as const)))(
    'at `%s` (done: %s) is brought to its end by the next run, and nothing is lost',
    async (step, isDone) => {
      await expect(rekey(keeperOf(dying[step](isDone)), AUTHORITY)).rejects.toThrow('the process died')
      const committed = step === 'sweep' || step === 'settle' || (step === 'exchange' && isDone)
      expect(await open(OLD).subjects.isOurs()).toBe(!committed)
      expect(await rekey(keeperOf(), AUTHORITY)).toMatchObject({ ok: true, value: { already: committed } })
      await expectRekeyed()
      expect(await entries('journal.rekeyed')).toHaveLength(step === 'record' && isDone ? 2 : 1)
    },
  )

  it('because the server cuts its connection before the commit has changed nothing', async () => {
    const cut = keeperOf({
      record: async (...entry) => {
        const receipt = await journal.record(...entry)
        await owner.query("select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()")
        return receipt
      },
    })
    await expect(rekey(cut, AUTHORITY)).rejects.toBeInstanceOf(Error)
    expect(kept).toEqual(OLD)
    for (const [sealed, text] of lived.sealed) expect(await open(OLD).open(sealed, 'c')).toEqual({ text })
    expect(await rekey(keeperOf(), AUTHORITY)).toMatchObject({ ok: true, value: { already: false } })
    await expectRekeyed()
  })

  it('never destroys the old key where the new one does not open', async () => {
    const rekeying = { ...vaultRekeying(owner), exchange: async () => done({ subjects: 4, keys: 4 }) }
    await expect(rekey(keeperOf({ rekeying }), AUTHORITY)).rejects.toThrow('the next master key does not open them')
    expect(kept).toEqual(OLD)
  })
})

describe('a change of keys is refused, and nothing is changed,', () => {
  it.each([
    ['the gate’s role, whatever its name', () => poolOf(database.roleUrl('gate')), ['gatehouse_gate']],
    [
      'a part by its name, whatever its role',
      () => openStorePool({ connectionString: database.url, application_name: 'gatehouse apply' }),
      ['gatehouse apply'],
    ],
    ['another keeper', () => openStorePool({ connectionString: database.url, application_name: 'gatehouse keeper' }), ['gatehouse keeper']],
  ] as const)('while there is connected %s', async (_, openOther, names) => {
    const other = openOther()
    await other.query('select')
    expect(await withoutChange()).toEqual(refused({ why: 'connected', names }))
    await other.end()
    await expect.poll(() => vaultRekeying(owner).connected()).toEqual([])
    expect(await rekey(keeperOf(), AUTHORITY)).toMatchObject({ ok: true })
  })

  it('not because somebody else looks at the database', async () => {
    const other = openStorePool({ connectionString: database.url, application_name: 'psql' })
    await other.query('select')
    expect(await rekey(keeperOf(), AUTHORITY)).toMatchObject({ ok: true })
    await other.end()
  })

  it('when a part connects while it waits for the tables', async () => {
    const reader = await owner.connect()
    await reader.query('begin; select from vault_key')
    const gate = poolOf(database.roleUrl('gate'))
    const rekeying = vaultRekeying(owner)
    const late = {
      ...rekeying,
      connected: async () => (await rekeying.connected(), await gate.query('select'), setTimeout(() => void reader.query('rollback'), 200), []),
    }
    expect(await withoutChange(keeperOf({ rekeying: late }))).toEqual(refused({ why: 'connected', names: ['gatehouse_gate'] }))
    reader.release()
    await gate.end()
  })

  it('when a backup holds the tables', async () => {
    const backup = await owner.connect()
    await backup.query('begin; select from vault_key')
    expect(await withoutChange()).toEqual(refused({ why: 'busy' }))
    await backup.query('rollback')
    backup.release()
  })

  it('with a master key that is another, and where no vault was begun', async () => {
    kept = randomBytes(32)
    expect(await withoutChange()).toEqual(refused({ why: 'another' }))
    await owner.query('truncate vault_subject cascade')
    kept = OLD
    expect(await rekey(keeperOf(), AUTHORITY)).toEqual({ ok: false, refusal: { why: 'another' } })
  })

  it('when the journal does not take the entry', async () => {
    const down = refusalOf('journal_unavailable', 'down')
    expect(await withoutChange(keeperOf({ record: async () => refuse(down) }))).toEqual(refused({ why: 'unrecorded', refusal: down }))
  })

  const flipped = (column: string) => `set_byte(${column}, 20, get_byte(${column}, 20) # 1)`
  it.each([
    ['the wrapped key of a subject', `update vault_subject set wrapped = ${flipped('wrapped')} where pseudonym = $1`, 'subject'],
    ['the name of a subject', `update vault_subject set sealed = ${flipped('sealed')} where pseudonym = $1`, 'subject'],
    ['the name of a subject, taken away', 'update vault_subject set sealed = null where pseudonym = $1', 'subject'],
    ['the index of a subject', `update vault_subject set index = ${flipped('index')} where pseudonym = $1`, 'subject'],
    ['the index of a subject, taken away', 'update vault_subject set index = null where pseudonym = $1', 'subject'],
    ['a data key', `update vault_key set wrapped = ${flipped('wrapped')} where pseudonym = $1 and month = '2026-11'`, 'key'],
    ['a data key’s month', "update vault_key set month = '2020-01' where pseudonym = $1 and month = '2026-11'", 'key'],
  ])('when one row was altered: %s', async (_, sql, what) => {
    const id = (await owner.query<{ id: string }>("select id from vault_key where pseudonym = $1 and month = '2026-11'", [lived.anna])).rows[0]?.id
    expect((await owner.query(sql, [lived.anna])).rowCount).toBe(1)
    expect(await withoutChange()).toEqual(refused({ why: 'altered', row: what === 'key' ? id : lived.anna }))
  })
})

it('has a part that starts meanwhile wait, and then turns it back', async () => {
  const starting = poolOf(database.url)
  const came: boolean[] = []
  const record: Rekeeper['record'] = async (...entry) => {
    const vault = openVault({ store: vaultStore(starting), master: localMasterKey(OLD), random: randomBytes, clock })
    void vault.subjects.isOurs().then((isOurs) => came.push(isOurs))
    await expect.poll(async () => (await owner.query("select from pg_locks where not granted and relation = 'vault_subject'::regclass")).rowCount).toBe(1)
    return journal.record(...entry)
  }
  expect(await rekey(keeperOf({ record }), AUTHORITY)).toMatchObject({ ok: true })
  await expect.poll(() => came).toEqual([false])
  await starting.end()
})
