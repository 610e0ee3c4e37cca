import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { poolOf } from '../../../test/support/journal.ts'
import {
  AUTHORITY,
  clock,
  database,
  journal,
  keeperOf,
  keepOld,
  lived,
  livedVaultEach,
  NEXT,
  OLD,
  open,
  owner,
  refused,
  withoutChange,
} from '../../../test/support/lived-vault.ts'
import { refuse } from '../../base/outcome.ts'
import { refusal as refusalOf } from '../../model/refusal.ts'
import { openStorePool } from '../../store/open-pool.ts'
import { vaultRekeying } from '../../store/vault-rekeying.ts'
import { vaultKeeping } from '../../store/vault-store.ts'
import { erase } from './erase.ts'
import { localMasterKey } from './master-key.ts'
import { rekey } from './rekey.ts'
import { vaulted } from './vaulted.ts'

livedVaultEach()

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
    keepOld(randomBytes(32))
    expect(await withoutChange()).toEqual(refused({ why: 'another' }))
    await owner.query('truncate vault_subject cascade')
    keepOld(OLD)
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

  it.each([
    ['a data key, put back', 'update vault_key set wrapped = before_key.wrapped from before_key where before_key.id = vault_key.id', 'key'],
    [
      'a data key, with the day of its destruction taken back',
      'update vault_key set wrapped = before_key.wrapped, destroyed_at = null from before_key where before_key.id = vault_key.id',
      'key',
    ],
    [
      'a data key, with both days taken back',
      `with subject as (update vault_subject set erased_at = null where erased_at is not null)
      update vault_key set wrapped = before_key.wrapped, destroyed_at = null from before_key where before_key.id = vault_key.id`,
      'key',
    ],
    [
      'a data key, of which the subject was taken away',
      `set session_replication_role = replica; update vault_key set wrapped = before_key.wrapped, destroyed_at = null from before_key where before_key.id = vault_key.id;
      delete from vault_subject where erased_at is not null; reset session_replication_role`,
      'key',
    ],
    [
      'a subject, put back',
      `update vault_subject set wrapped = before_subject.wrapped, sealed = before_subject.sealed, index = before_subject.index
      from before_subject where before_subject.pseudonym = vault_subject.pseudonym`,
      'subject',
    ],
  ])('when what was erased stands again: %s', async (_, restored, what) => {
    await owner.query('create table before_key as table vault_key; create table before_subject as table vault_subject')
    const keys = open(OLD)
    const record = vaulted({ record: journal.record, vault: keys, random: (bytes) => randomBytes(bytes) })
    const order = { subject: 'person:anna', authority: 'a', basis: 'b' }
    expect(await erase({ keeping: vaultKeeping(owner), subjects: keys.subjects, record, clock }, order)).toMatchObject({ ok: true })
    await owner.query(restored)
    const { rows } = await owner.query<{ id: string }>('select id from vault_key where pseudonym = $1 order by id', [lived.anna])
    expect(await withoutChange()).toEqual(refused({ why: 'altered', row: what === 'key' ? rows[0]?.id : lived.anna }))
  })

  it('with the next key made for it dropped, and none made before it was needed', async () => {
    const did: string[] = []
    const change = {
      ...keeperOf().change,
      make: () => (did.push('make'), localMasterKey(NEXT)),
      drop: () => void did.push('drop'),
    }
    const connected = { ...vaultRekeying(owner), connected: async () => ['gatehouse gate'] }
    expect(await withoutChange(keeperOf({ change, rekeying: connected }))).toMatchObject({ ok: false })
    expect(did).toEqual([])
    const down = refusalOf('journal_unavailable', 'down')
    expect(await withoutChange(keeperOf({ change, record: async () => refuse(down) }))).toMatchObject({ ok: false })
    expect(did).toEqual(['make', 'drop'])
    expect(await rekey(keeperOf({ change }), AUTHORITY)).toMatchObject({ ok: true })
    expect(did).toEqual(['make', 'drop', 'make'])
  })
})
