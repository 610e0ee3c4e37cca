import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { poolOf } from '../../test/support/journal.ts'
import { vaultKeeping, vaultStore } from './vault-store.ts'

let database: FreshDatabase
let owner: pg.Pool
beforeAll(async () => {
  database = await freshDatabase()
  owner = poolOf(database.url)
})
afterAll(async () => {
  await owner.end()
  await database.close()
})

it('names a database of the version before as that, where ciphertexts lay by digest, and reads nothing of it', async () => {
  await owner.query('alter table payload rename column index to digest')
  try {
    await expect(vaultStore(owner).payloads([1])).rejects.toMatchObject({ code: 'data_unreachable', next: expect.stringContaining('start the house once') })
  } finally {
    await owner.query('alter table payload rename column digest to index')
  }
})

it('empties what lies under a destroyed key wherever in the journal it is, stretch by stretch, and nothing else', async () => {
  await owner.query("insert into vault_subject (pseudonym, erasing_at) values ('p-gone', now()), ('p-there', null)")
  await owner.query(`insert into vault_key (id, pseudonym, month, wrapped) values
    ('k-1', 'p-gone', '2026-10', 'key'), ('k-10', 'p-there', '2026-10', 'key'), ('k-2', 'p-gone', '2026-11', 'key')`)
  const rows = [
    [0, 'k-1'],
    [49_999, 'k-10'],
    [50_000, 'k-10+k-2'],
    [120_000, 'k-2'],
    [987_654_321, 'k-10'],
    [987_654_322, 'k-1'],
  ] as const
  for (const row of rows) await owner.query("insert into payload (index, key_ids, class, ciphertext) values ($1, $2, 'ask', 'sealed')", [...row])
  const { destroy, empty } = vaultKeeping(owner)
  const emptied = async () => {
    const steps = []
    for (let from: number | null = 0; from !== null; from = steps.at(-1)?.next ?? null) steps.push(await empty('p-gone', from))
    return steps.map((step) => step.emptied)
  }
  expect(await emptied()).toEqual([0, 0, 0, 0])

  expect(await destroy('p-gone', Date.now())).toEqual({ keys: 2, months: ['2026-10', '2026-11'], payloads: 4 })
  expect(await emptied()).toEqual([1, 1, 1, 1])
  const left = (await vaultStore(owner).payloads(rows.map(([index]) => index))).filter(({ ciphertext }) => ciphertext !== null)
  expect(left.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual([49_999, 987_654_321])
  expect(await emptied()).toEqual([0, 0, 0, 0])
})
