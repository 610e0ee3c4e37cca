import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { masterKeyFrom, openHouseVault } from '../../src/bin/parts/vault.ts'
import { type DeskPerson, signInAt } from '../../src/bin/pilot/desk-client.ts'
import { raisePilot } from '../../src/bin/pilot/raise.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openStorePool } from '../../src/store/open-pool.ts'
import { allRows, ourFiles } from '../support/canaries.ts'
import { type Ran, run } from '../support/cli.ts'
import { urlOf } from '../support/database.ts'
import { type ExternalPostgres, startExternalPostgres } from '../support/external-postgres.ts'
import { laidPilot } from '../support/pilot.ts'
import { passableFolder } from '../support/pilot-command.ts'
import { openProvenSession } from '../support/session.ts'
import { asSuperuser } from '../support/standing.ts'

const AUTHORITY = 'Canary Officer Petra Holm'

describe('gatehouse journal rekey on a pilot', () => {
  let folder: string
  let dataFolder: string
  let [file, next] = ['', '']
  const raise = () => raisePilot({ dataFolder, port: null, say: () => undefined })
  const rekey = () => run(['journal', 'rekey', '--data', dataFolder, '--authority', AUTHORITY])
  let pilot: Awaited<ReturnType<typeof raise>>
  let old: string
  let wrapped: readonly Buffer[]
  let anna: string
  /** Everything our part of the data folder has, PostgreSQL's own files left out. */
  const filesWith = (text: string) =>
    readdirSync(dataFolder, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((one) => one.isFile() && !one.parentPath.startsWith(join(dataFolder, 'cluster')))
      .map((one) => join(one.parentPath, one.name))
      .filter((path) => readFileSync(path).includes(text))

  const approver = (): Promise<DeskPerson> => signInAt(pilot.raise.deskUrl, pilot.raise.people.approver.id, pilot.raise.people.approver.passphrase)
  const employee = (): Promise<DeskPerson> => signInAt(pilot.raise.deskUrl, pilot.raise.people.employee.id, pilot.raise.people.employee.passphrase)

  beforeAll(async () => {
    folder = await laidPilot()
    dataFolder = join(folder, 'data')
    ;[file, next] = [join(dataFolder, 'secrets/vault'), join(dataFolder, 'secrets/vault.next')]
    pilot = await raise()
    const session = await openProvenSession({ employee, raise: pilot.raise })
    await session.ask('POST', '/v1/operations/findShipments', { destination: 'Canaryville' })
    anna = String((await (await employee()).call('me')).body['person'])
    old = readFileSync(file, 'utf8')
    wrapped = await asSuperuser(pilot.raise, 'gatehouse', async (client) => {
      const text = 'select wrapped from vault_key union all select wrapped from vault_subject'
      return (await client.query<{ wrapped: Buffer }>(text)).rows.map((row) => row.wrapped)
    })
  }, 120_000)
  afterAll(async () => {
    await pilot.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('changes nothing while the pilot runs, and says what to do', async () => {
    expect(await rekey()).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/another Gatehouse is running on[\s\S]*code: data_in_use\n {2}next: stop it first/),
    })
    expect([readFileSync(file, 'utf8'), existsSync(next)]).toEqual([old, false])
  }, 30_000)

  it('puts every key under a new master key while it is stopped, and leaves the old one nowhere', async () => {
    expect(filesWith(old)).toEqual([file])
    expect(wrapped.length).toBeGreaterThan(5)
    await pilot.drop()
    const ran = await rekey()
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toMatch(/^under the new master key: the keys of \d+ subjects, and \d+ keys of their months\nthe old master key was overwritten in /)
    expect(ran.out).toMatch(/flash disks[\s\S]*take a backup of the database now/)
    expect([filesWith(old), existsSync(next), statSync(file).mode & 0o777]).toEqual([[], false, 0o600])
    expect(Buffer.from(readFileSync(file, 'utf8'), 'base64url')).toHaveLength(32)
  }, 60_000)

  it('leaves a pilot that starts, knows its people, shows what was said, and has a journal that verifies', async () => {
    pilot = await raise()
    expect(String((await (await employee()).call('me')).body['person'])).toBe(anna)
    const read = JSON.stringify((await (await approver()).call('journal', { limit: 200 })).body)
    expect(read).toContain('Canaryville')
    expect(read).toContain(`The keys of the vault are put under another master key on the word of ${AUTHORITY}`)
    expect((await allRows(pilot.raise)).get('journal_entry')).not.toContain(AUTHORITY)
    const files = [...(await ourFiles(pilot.raise))].filter(([, bytes]) => wrapped.some((key) => bytes.includes(key)))
    expect(files.map(([name]) => name)).toEqual([])
    expect(await run(['journal', 'verify', '--data', dataFolder, '--payloads'])).toMatchObject({ code: 0, out: expect.stringMatching(/ 0 erased, 0 missing/) })
    const session = await openProvenSession({ employee, raise: pilot.raise })
    expect((await session.ask('POST', '/v1/operations/findShipments', { destination: 'Elsewhere' })).status).toBe(200)
  }, 120_000)

  it('tells an erasure that backups stay worth something until then', async () => {
    const erased = await run(['journal', 'erase', '--data', dataFolder, '--subject', 'person:anna', '--authority', 'a', '--legal-basis', 'b'])
    expect(erased).toMatchObject({ code: 0, out: expect.stringMatching(/they hold the keys, wrapped;[^]*worthless at once after `gatehouse journal rekey`/) })
    expect(erased.out).not.toContain('not done:')
  })
})

describe('gatehouse journal rekey on a database of the company, as an administrator of a managed service', () => {
  const place = passableFolder()
  const [config, keys] = [join(place, 'gatehouse.yaml'), join(place, 'keys')]
  const SECRETS = ['one', 'two', 'three'].map(() => randomBytes(32).toString('base64url'))
  const [FIRST = '', SECOND = '', THIRD = ''] = SECRETS
  let postgres: ExternalPostgres
  let admin: string
  let owner: pg.Pool
  let sealed: string

  const rekey = (more: Readonly<Record<string, string>> = {}): Promise<Ran> =>
    run(['journal', 'rekey', '--config', config, '--authority', AUTHORITY], { env: { DATABASE_URL: admin, ...more } })
  const vaultBy = async (text: string) => (await openHouseVault(owner, masterKeyFrom(text))).vault
  const opens = async (text: string): Promise<boolean> => {
    const vault = await vaultBy(text).catch(() => null)
    return vault !== null && (await vault.open(sealed, 'c')) !== 'erased'
  }

  beforeAll(async () => {
    postgres = await startExternalPostgres(place)
    await postgres.sql("create role managed login createrole createdb password 'pw'")
    admin = urlOf({ ...postgres.superuser, user: 'managed', password: 'pw' }, 'postgres')
    const roles = { gate: 'g', apply: 'a', sign: 's', archive: 'r' }
    await migrate({ admin: { connectionString: admin }, roles, logOrigin: 'journal.example/rekey' })
    owner = openStorePool({ connectionString: urlOf(postgres.superuser, 'gatehouse'), max: 2 })
    sealed = await (await vaultBy(FIRST)).seal(['person:anna'], 'text', 'c')
    mkdirSync(keys, { mode: 0o700 })
    const repository = join(import.meta.dirname, '../..')
    const settings = {
      publicUrl: 'http://127.0.0.1:1',
      deskUrl: 'http://127.0.0.1:2',
      listen: { gate: '127.0.0.1:1', desk: '127.0.0.1:2' },
      tls: 'off',
      catalogue: join(repository, 'catalogue'),
      policies: join(repository, 'policies'),
      useCases: join(repository, 'policies/usecases.yaml'),
      keys: 'keys',
      logOrigin: 'journal.example/rekey',
      systems: { tms: { kind: 'postgres', readUrl: 'TMS_READ_URL', writeUrl: 'TMS_WRITE_URL' } },
      people: [{ id: 'anna', name: 'Anna Lind', groups: ['customer-service'] }],
    }
    writeFileSync(config, JSON.stringify(settings))
  }, 60_000)
  afterAll(async () => {
    await owner.end()
    await postgres.stop()
    rmSync(place, { recursive: true, force: true })
  })

  it.each([
    ['no master key at all', {}, /there is no master key in .*vault\n {2}code: config_invalid/],
    ['no key to come', { GATEHOUSE_VAULT_KEY: FIRST }, /GATEHOUSE_VAULT_KEY_NEXT is not set: the master key to come/],
    [
      'another key than the vault’s',
      { GATEHOUSE_VAULT_KEY: THIRD, GATEHOUSE_VAULT_KEY_NEXT: SECOND },
      /neither the vault's master key nor the next one is what this/,
    ],
  ])('refuses with %s, and changes nothing', async (_, environment, said) => {
    const ran = await rekey(environment)
    expect(ran).toMatchObject({ code: 1, out: '', err: expect.stringMatching(said) })
    for (const secret of SECRETS) expect(ran.err).not.toContain(secret)
    expect(await opens(FIRST)).toBe(true)
  })

  it('refuses while a part is connected, names it, and changes nothing', async () => {
    const gate = new pg.Client({
      ...postgres.superuser,
      user: 'gatehouse_gate',
      password: 'g',
      database: 'gatehouse',
      application_name: 'gatehouse gate journal',
    })
    await gate.connect()
    expect(await rekey({ GATEHOUSE_VAULT_KEY: FIRST, GATEHOUSE_VAULT_KEY_NEXT: SECOND })).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/is connected: gatehouse gate journal; nothing was changed\n {2}code: data_in_use\n {2}next: stop the house/),
    })
    await gate.end()
    const gates = "select from pg_stat_activity where usename = 'gatehouse_gate'"
    await expect.poll(async () => (await postgres.sql(gates)).rowCount).toBe(0)
    expect(await opens(FIRST)).toBe(true)
  })

  it('takes the next key of the environment, says that the old one is the operator’s to destroy, and what it could not do', async () => {
    const both = { GATEHOUSE_VAULT_KEY: FIRST, GATEHOUSE_VAULT_KEY_NEXT: SECOND }
    const ran = await rekey(both)
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toMatch(/^under the new master key:[^]*not done: `checkpoint`[^]*destroy the old master key now, wherever it is kept/)
    for (const secret of SECRETS) expect(ran.out).not.toContain(secret)
    expect([await opens(FIRST), await opens(SECOND)]).toEqual([false, true])
    expect(await rekey(both)).toMatchObject({ code: 0, out: expect.stringContaining('every key was under the new master key already') })
    expect(readdirSync(keys)).toEqual([])
  })

  it('goes on from a run that ended before the files had changed places', async () => {
    const [file, next] = [join(keys, 'vault'), join(keys, 'vault.next')]
    writeFileSync(file, FIRST, { mode: 0o600 })
    writeFileSync(next, SECOND, { mode: 0o600 })
    expect(await rekey()).toMatchObject({ code: 0, err: '', out: expect.stringContaining('what a run before had left to do is done') })
    expect([readdirSync(keys), readFileSync(file, 'utf8')]).toEqual([['vault'], SECOND])
    expect(await rekey()).toMatchObject({ code: 0, out: expect.stringMatching(/^under the new master key/) })
    const now = readFileSync(file, 'utf8')
    expect([await opens(SECOND), await opens(now), readdirSync(keys)]).toEqual([false, true, ['vault']])
  })

  it('refuses where a row was altered, names it, and keeps the old key', async () => {
    const before = readFileSync(join(keys, 'vault'), 'utf8')
    await owner.query("update vault_key set month = '2020-01' where id = $1", [sealed.split('.')[1]])
    expect(await rekey()).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(new RegExp(`the row \`${sealed.split('.')[1]}\` of the vault does not open[^]*code: vault_altered`)),
    })
    expect([readdirSync(keys), readFileSync(join(keys, 'vault'), 'utf8')]).toEqual([['vault'], before])
  })
})
