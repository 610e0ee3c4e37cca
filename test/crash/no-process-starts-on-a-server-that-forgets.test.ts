import { randomBytes } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { masterKeyFrom, openHouseVault } from '../../src/bin/parts/vault.ts'
import { PARTS } from '../../src/bin/supervise.ts'
import { PROCESS_ROLES, type ProcessRole } from '../../src/store/grants.ts'
import { migrate } from '../../src/store/migrate.ts'
import { run, start } from '../support/cli.ts'
import { urlOf } from '../support/database.ts'
import { type ExternalPostgres, startExternalPostgres } from '../support/external-postgres.ts'
import { poolOf } from '../support/journal.ts'
import { freePorts, passableFolder } from '../support/pilot-command.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const SETTINGS = ['fsync', 'full_page_writes', 'synchronous_commit'] as const

const place = passableFolder()
const config = join(place, 'gatehouse.yaml')
const vaultKey = randomBytes(24).toString('base64url')
let postgres: ExternalPostgres
let house: pg.Pool
let roles: Readonly<Record<ProcessRole, string>>

beforeAll(async () => {
  postgres = await startExternalPostgres(place)
  roles = Object.fromEntries(Object.keys(PROCESS_ROLES).map((role) => [role, `pw-of-${role}-that-is-long-enough-for-a-test`])) as typeof roles
  await migrate({ admin: postgres.superuser, roles, logOrigin: 'journal.example/forgets' })
  house = poolOf(urlOf(postgres.superuser, 'gatehouse'))
  const port = await freePorts()
  const [gate, desk] = [`127.0.0.1:${port}`, `127.0.0.1:${port + 1}`]
  writeFileSync(
    config,
    JSON.stringify({
      publicUrl: `https://${gate}`,
      deskUrl: `https://${desk}`,
      listen: { gate, desk },
      tls: 'self',
      catalogue: join(REPOSITORY, 'catalogue'),
      policies: join(REPOSITORY, 'policies'),
      useCases: join(REPOSITORY, 'policies/usecases.yaml'),
      keys: 'keys',
      logOrigin: 'journal.example/forgets',
      systems: { tms: { kind: 'postgres', readUrl: 'TMS_READ_URL', writeUrl: 'TMS_WRITE_URL' } },
      people: [{ id: 'anna', name: 'Anna Lind', groups: ['customer-service'] }],
    }),
  )
})
afterAll(async () => {
  await house.end()
  await postgres.stop()
  rmSync(place, { recursive: true, force: true })
})

const envOf = (part: ProcessRole): Readonly<Record<string, string>> => {
  const url = urlOf({ ...postgres.superuser, user: PROCESS_ROLES[part], password: roles[part] }, 'gatehouse')
  return { DATABASE_URL: url, TMS_READ_URL: url, TMS_WRITE_URL: url, GATEHOUSE_VAULT_KEY: vaultKey }
}

const written = async (): Promise<unknown> =>
  (await house.query('select (select size from journal_head) as size, (select count(*) from journal_checkpoint) as checkpoints')).rows[0]

/** Turns a setting off the way given, does the work, and turns it on again whatever came of it. */
async function without(off: string, on: string, work: () => Promise<void>): Promise<void> {
  for (const statement of [off, 'select pg_reload_conf()']) await postgres.sql(statement)
  try {
    await work()
  } finally {
    for (const statement of [on, 'select pg_reload_conf()']) await postgres.sql(statement)
  }
}

async function expectTurnedBack(part: ProcessRole, setting: string): Promise<void> {
  const before = await written()
  const ran = await run(['serve', '--config', config, '--part', part], { env: envOf(part) })
  expect(ran.err).toContain(`this PostgreSQL may lose what it has confirmed (${setting} is off); the journal cannot stand on it`)
  expect(ran.err).toContain(`code: fsync_off\n  next: run as its superuser: ALTER SYSTEM SET ${setting} = on; SELECT pg_reload_conf();`)
  expect(ran).toMatchObject({ code: 1, out: '' })
  expect(await written()).toEqual(before)
  expect(existsSync(join(place, 'keys'))).toBe(false)
}

describe.each(PARTS)('the %s process by itself', (part) => {
  it.each(SETTINGS)('does not start where %s is off on the server: it writes nothing, and says what to run', async (setting) => {
    await without(`alter system set ${setting} = off`, `alter system reset ${setting}`, async () => {
      await expect.poll(async () => (await postgres.sql(`show ${setting}`)).rows[0]).toEqual({ [setting]: 'off' })
      await expectTurnedBack(part, setting)
    })
  })

  it('does not start either where its own role alone was told not to wait for the disk', async () => {
    const role = PROCESS_ROLES[part]
    await without(`alter role ${role} set synchronous_commit = off`, `alter role ${role} reset synchronous_commit`, async () => {
      expect(await written()).toMatchObject({ size: '0' })
      await expectTurnedBack(part, 'synchronous_commit')
    })
  })
})

describe('the same processes', () => {
  it('stand on that server with all three on, as the signer shows', async () => {
    const signer = start(['serve', '--config', config, '--part', 'sign'], { env: envOf('sign') })
    expect(await signer.until(/runs/)).toContain('the sign part runs')
    signer.kill('SIGTERM')
    expect(await signer.ended).toMatchObject({ code: 0 })
  })
})

describe('a command that writes to the journal', () => {
  const onCase = ['--subject', 'person:anna', '--case', '2026-17', '--authority', 'the court']
  const asAdministrator = () => ({ ...envOf('gate'), DATABASE_URL: urlOf(postgres.superuser, 'postgres') })
  const keeping = (command: string, ...more: readonly string[]) => run(['journal', command, '--config', config, ...more], { env: asAdministrator() })
  const COMMANDS = {
    erase: () => keeping('erase', '--subject', 'person:anna', '--authority', 'the officer', '--legal-basis', 'article 17'),
    hold: () => keeping('hold', ...onCase, '--set'),
    prune: () => keeping('prune', '--authority', 'the officer', '--older-than-days', '1'),
    invite: () => run(['enrol', '--invite', 'anna', '--config', config], { env: asAdministrator() }),
    export: () => {
      const args = ['--case', 'c', '--reason', 'r', '--key', join(place, 'keys/journal.key.vkey'), '--out', join(place, 'case')]
      return run(['journal', 'export', ...args], { env: envOf('gate') })
    },
  } as const
  const KEPT = 'select (select size from journal_head) as size, (select count(*) from vault_hold) as holds, (select count(wrapped) from vault_key) as keys'
  const kept = async (): Promise<unknown> => (await house.query(KEPT)).rows[0]

  beforeAll(async () => {
    const { vault } = await openHouseVault(house, masterKeyFrom(vaultKey))
    await vault.subjects.pseudonym('person:anna')
    for (const [name, text] of Object.entries({ 'db-gate': roles.gate, vault: vaultKey })) writeFileSync(join(place, 'keys', name), text, { mode: 0o600 })
  })

  const CASES = (['erase', 'hold', 'prune', 'invite', 'export'] as const).flatMap((command) => [
    [command, 'fsync'] as const,
    [command, 'synchronous_commit'] as const,
  ])
  it.each(CASES)('%s does nothing where %s is off on the server, and says what to run', async (command, setting) => {
    const before = await kept()
    await without(`alter system set ${setting} = off`, `alter system reset ${setting}`, async () => {
      await expect.poll(async () => (await postgres.sql(`show ${setting}`)).rows[0]).toEqual({ [setting]: 'off' })
      const ran = await COMMANDS[command]()
      expect(ran).toMatchObject({ code: command === 'export' ? 3 : 1, out: '' })
      expect(ran.err).toContain(`(${setting} is off); the journal cannot stand on it\n  code: fsync_off\n`)
    })
    expect(await kept()).toEqual(before)
    expect(existsSync(join(place, 'case'))).toBe(false)
  })

  it('does its work on that server with all three on: a hold is set, and told', async () => {
    expect(await COMMANDS.hold()).toMatchObject({ code: 0, err: '' })
    expect(await kept()).toMatchObject({ size: '1', holds: '1' })
  })

  it('does nothing over entries that nobody signed and somebody altered', async () => {
    await house.query("update journal_entry set body = body || ' '")
    const before = await kept()
    expect(await keeping('hold', ...onCase, '--release')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/entry 0 does not match its leaf hash.*\n {2}code: journal_broken/),
    })
    expect(await kept()).toEqual(before)
  })
})
