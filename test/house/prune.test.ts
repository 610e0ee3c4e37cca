import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { openJournal } from '../../src/journal/open.ts'
import { entriesPath } from '../../src/log/tile.ts'
import { PROCESS_ROLES } from '../../src/store/grants.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { run } from '../support/cli.ts'
import { poolOf } from '../support/journal.ts'
import { type PilotHouse, startPilot } from '../support/pilot.ts'
import { asSuperuser } from '../support/standing.ts'

let pilot: PilotHouse
const at = () => ['--data', pilot.raise.dataFolder]
const prune = (...more: readonly string[]) => run(['journal', 'prune', ...at(), '--authority', 'the data protection officer', ...more])
const inTable = () =>
  asSuperuser(pilot.raise, 'gatehouse', async (client) => {
    const { rows } = await client.query<{ first: number; size: number }>(
      'select min(index)::int as first, (select size::int from journal_head) as size from journal_entry',
    )
    return rows[0] ?? { first: -1, size: -1 }
  })

/** Resolves once so many entries and more are signed and published. */
const publishedOver = (size: number) =>
  vi.waitFor(() => expect(Number(readFileSync(join(pilot.raise.dataFolder, 'journal/checkpoint'), 'utf8').split('\n')[1])).toBeGreaterThan(size), 15_000)

/** Six hundred entries of a hundred days ago. */
async function fillOld(): Promise<void> {
  const { cluster } = pilot.raise
  const pool = poolOf(cluster.url('gatehouse', PROCESS_ROLES.gate, cluster.secret('db-gate')))
  const journal = openJournal({ store: journalStore({ pool }), clock: () => Date.now() - 100 * 86_400_000, node: 'old', timeoutMs: 10_000 })
  await Promise.all(Array.from({ length: 600 }, () => journal.record({ kind: 'house.heartbeat', outcome: 'done' })))
  await journal.drain()
  await pool.end()
}

beforeAll(async () => {
  pilot = await startPilot()
  await fillOld()
  await publishedOver(600)
}, 120_000)
afterAll(() => pilot.close())

it('takes nothing without a word on how old, and nothing that is younger', async () => {
  expect(await prune()).toMatchObject({ code: 1, err: expect.stringContaining('nobody said how long entries stay in the database') })
  expect(await prune('--older-than-days', '0')).toMatchObject({ code: 1, err: expect.stringContaining('at least one day') })
  expect(await prune('--older-than-days', '365')).toMatchObject({ code: 0, out: expect.stringMatching(/younger than 365 days\nnext: wait/) })
  expect(await prune('--older-than-days', 'soon')).toMatchObject({ code: 1, err: expect.stringContaining('a number of days') })
  expect((await inTable()).first).toBe(0)
})

it('takes nothing that the archive does not hold as it is', async () => {
  const bundle = join(pilot.raise.dataFolder, 'journal', entriesPath(1, 256))
  const bytes = readFileSync(bundle)
  rmSync(bundle)
  writeFileSync(bundle, Buffer.concat([bytes.subarray(0, 50), Buffer.from([bytes.readUInt8(50) ^ 1]), bytes.subarray(51)]))
  expect(await prune('--older-than-days', '90')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/entry 256 in the archive is not the one that was signed[\s\S]*journal_broken/),
  })
  expect((await inTable()).first).toBe(0)
  rmSync(bundle)
  writeFileSync(bundle, bytes)
})

it('takes nothing while a case holds something', async () => {
  const who = ['--subject', `person:${pilot.raise.people.employee.id}`, '--case', 'C-7', '--authority', 'the court']
  expect(await run(['journal', 'hold', ...at(), ...who, '--set'])).toMatchObject({ code: 0 })
  expect(await prune('--older-than-days', '90')).toMatchObject({ code: 0, out: expect.stringContaining('legal hold `case C-7` is on everything') })
  expect((await inTable()).first).toBe(0)
  expect(await run(['journal', 'hold', ...at(), ...who, '--release'])).toMatchObject({ code: 0 })
})

it('says what would leave, then takes it, tells the journal, and everything goes on as before', async () => {
  const before = await inTable()
  expect(await prune('--older-than-days', '90', '--dry-run')).toMatchObject({
    code: 0,
    out: expect.stringContaining('entries 0 to 511 would leave the database'),
  })
  expect(await inTable()).toMatchObject({ first: 0 })
  expect(await prune('--older-than-days', '90')).toMatchObject({
    code: 0,
    out: expect.stringContaining('entries 0 to 511 left the database and lie in the archive'),
  })
  const after = await inTable()
  expect(after.first).toBe(512)
  expect(after.size).toBeGreaterThan(before.size)
  await publishedOver(after.size - 1)

  expect(await run(['journal', 'verify', ...at()])).toMatchObject({
    code: 0,
    out: expect.stringContaining('entries below 512 have left it, and were read from the archive behind it'),
  })
  expect(await run(['journal', 'search', ...at(), '--kind', 'journal.pruned'])).toMatchObject({ code: 0, out: expect.stringContaining('journal.pruned') })
  expect((await run(['journal', 'search', ...at(), '--kind', 'house.heartbeat', '--limit', '2000'])).out.split('\n').length).toBeGreaterThan(600)
  expect(await run(['journal', 'proof', '100', ...at()])).toMatchObject({ code: 0, out: expect.stringContaining('c2sp.org/tlog-proof@v1') })

  const { cluster } = pilot.raise
  const env = { DATABASE_URL: cluster.url('gatehouse', PROCESS_ROLES.archive, cluster.secret('db-archive')) }
  const key = ['--key', join(pilot.raise.dataFolder, 'keys/sign/journal.key.vkey')]
  expect(await run(['journal', 'verify', ...key], { env })).toMatchObject({
    code: 3,
    err: expect.stringContaining('the oldest entries have left the database, and no archive is named'),
  })
  expect(await run(['journal', 'verify', ...key, '--behind', join(pilot.raise.dataFolder, 'journal')], { env })).toMatchObject({ code: 0 })
  const served = ['--behind', `${pilot.raise.gateUrl}/journal`]
  const token = ['--token-file', join(pilot.raise.dataFolder, 'keys/gate/journal-reader')]
  expect(await run(['journal', 'verify', ...key, ...served, ...token], { env })).toMatchObject({ code: 0, err: '' })
  expect(await run(['journal', 'verify', ...key, ...served], { env })).toMatchObject({ code: 3 })
}, 60_000)
