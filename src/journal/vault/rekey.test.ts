import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { poolOf } from '../../../test/support/journal.ts'
import {
  AUTHORITY,
  clock,
  database,
  entries,
  journal,
  keeperOf,
  keepOld,
  kept,
  lines,
  lived,
  livedVaultEach,
  MARK_ROW,
  NEXT,
  OLD,
  open,
  owner,
  pass,
  refused,
} from '../../../test/support/lived-vault.ts'
import { done } from '../../base/outcome.ts'
import { byteaArray } from '../../store/bytea-array.ts'
import { vaultRekeying } from '../../store/vault-rekeying.ts'
import { vaultKeeping, vaultStore } from '../../store/vault-store.ts'
import { erase } from './erase.ts'
import { keyContext } from './key-ring.ts'
import { localMasterKey } from './master-key.ts'
import { unsealed } from './read.ts'
import { type Rekeeper, rekey } from './rekey.ts'
import { openVault } from './vault.ts'
import { vaulted } from './vaulted.ts'

livedVaultEach()

/** All that stood before is there under the new key, and the old one opens nothing and is gone. */
async function expectRekeyed(): Promise<void> {
  const vault = open()
  expect(await vault.subjects.isOurs()).toBe(true)
  for (const [sealed, text] of lived.sealed) expect(await vault.open(sealed, 'c')).toEqual({ text })
  expect(await vault.subjects.known('person:anna')).toBe(lived.anna)
  expect(await vault.subjects.who(lived.anna)).toBe('person:anna')
  expect(await unsealed(vault, vaultStore(owner), [lived.asked])).toMatchObject([{ entry: { detail: { asked: { destination: 'Lyon' } } } }])
  expect(await open(OLD).subjects.isOurs()).toBe(false)
  await expect(open(OLD).open(lived.sealed[0]?.[0] ?? '', 'c')).rejects.toThrow('does not unwrap')
  expect(await open(OLD).subjects.known('person:anna')).toBeNull()
  expect(kept).toBeNull()
  const told = (await lines('journal.rekeyed')).at(-1)
  const last = told?.entry
  const index = (await owner.query<{ index: Buffer }>('select index from vault_subject where pseudonym = $1', [MARK_ROW])).rows[0]?.index
  expect(last?.detail?.['newKey']).toBe(index?.toString('hex').slice(0, 16))
  expect(told && (await unsealed(vault, vaultStore(owner), [told]))).toMatchObject([{ entry: { detail: AUTHORITY } }])
  expect(JSON.stringify(last)).not.toContain(AUTHORITY.authority)
}

describe('another master key', () => {
  it('opens every value from before, finds every name, and makes new keys', async () => {
    expect(await rekey(keeperOf(), AUTHORITY)).toEqual({ ok: true, value: { already: false, subjects: 4, keys: 4, unswept: [] } })
    await expectRekeyed()
    const vault = open()
    const sealed = await vault.seal(['person:ben', lived.anna], 'new', 'c')
    pass(40 * 86_400_000)
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
          if (isDone) keepOld(null)
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

  it.each([
    ['vault_key', 'id'],
    ['vault_subject', 'pseudonym'],
  ])('never destroys the old key while a row of %s, put back from before, opens under that alone', async (table, name) => {
    await owner.query(`create table before as table ${table}`)
    await expect(rekey(keeperOf(dying.settle(false)), AUTHORITY)).rejects.toThrow('the process died')
    await owner.query(`update ${table} as one set wrapped = before.wrapped from before where before.${name} = one.${name} and one.pseudonym = $1`, [lived.anna])
    const { rows } = await owner.query<{ name: string }>(`select ${name} as name from ${table} where pseudonym = $1 order by 1`, [lived.anna])
    expect(await rekey(keeperOf(), AUTHORITY)).toEqual(refused({ why: 'beside', row: rows[0]?.name }))
    expect(kept).toEqual(OLD)
  })

  it.each([
    ['the mark is gone before the commit', { rekeying: () => withoutMark() }, 'the mark was not among the rows'],
    ['the next key is gone before the commit', { change: () => ({ ...keeperOf().change, begun: () => null }) }, 'the next master key is not where it was kept'],
    [
      'another next key is kept before the commit',
      { change: () => ({ ...keeperOf().change, begun: () => localMasterKey(randomBytes(32)) }) },
      'is not where it was kept',
    ],
  ] as const)('has changed nothing where %s', async (_, over, message) => {
    const keeper = keeperOf(Object.fromEntries(Object.entries(over).map(([part, make]) => [part, make()])))
    await expect(rekey(keeper, AUTHORITY)).rejects.toThrow(message)
    expect(await entries('journal.rekeyed')).toEqual([])
    expect(kept).toEqual(OLD)
    for (const [sealed, text] of lived.sealed) expect(await open(OLD).open(sealed, 'c')).toEqual({ text })
  })

  const withoutMark = (): Rekeeper['rekeying'] => ({
    ...vaultRekeying(owner),
    async exchange(how) {
      await owner.query('update vault_subject set wrapped = null where pseudonym = $1', [MARK_ROW])
      return vaultRekeying(owner).exchange(how)
    },
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
