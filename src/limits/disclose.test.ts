import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callerOf } from '../../test/support/caller.ts'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { poolOf } from '../../test/support/journal.ts'
import { keepSession } from '../../test/support/kept-session.ts'
import { fetchedOf, permitOf, tokensOf } from '../../test/support/stages.ts'
import { toBase64url } from '../base/bytes.ts'
import { canonical, type Json } from '../base/canonical.ts'
import { sha256 } from '../base/digest.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { cover } from '../mask/cover.ts'
import { refusal } from '../model/refusal.ts'
import { exposureLedger } from '../store/ledger.ts'
import { discloser } from './disclose.ts'

let database: FreshDatabase
let pool: pg.Pool
beforeAll(async () => {
  database = await freshDatabase()
  pool = poolOf(database.roleUrl('gate'))
})
afterAll(async () => {
  await pool.end()
  await database.close()
})

const KEY = new Uint8Array(32).fill(3)
const LIMITS = { subject: 3, price: 4 }
const budgetsOf = (limits = LIMITS) => ({ exposureOf: () => limits, ownerOf: (useCase: string) => `Owner of ${useCase}` })
const openLedger = (limits = LIMITS) => discloser(exposureLedger(pool), budgetsOf(limits), KEY)

/** A session of its own, by its id, and rows of these people shown to it by an operation. */
async function shower(over = {}) {
  const { session } = await keepSession(pool, { useCase: 'exception-desk', accounts: ['A', 'B', 'C', 'D', 'E'], ...over })
  const caller = await callerOf(session)
  return async (name: string, people: readonly string[], input: Record<string, unknown> = { shipmentId: 'S' }) => {
    const permit = permitOf(caller, name, input)
    const rows = people.map((customerId, n) => ({
      customerId,
      shipmentId: input['shipmentId'] ?? `S-${customerId}-${n}`,
      status: 'held',
      contactPhone: '030 123456',
    }))
    return cover(await fetchedOf(permit, rows), tokensOf(session.id))
  }
}
const SUMMARY = 'getShipmentSummary'
const spentBy = async (session: string) =>
  (await pool.query<{ kind: string; count: number }>('select kind, count(*)::int as count from exposure where session = $1 group by 1 order by 1', [session]))
    .rows

describe('disclose', () => {
  it('ties the entry to the rows: the digest is that of their canonical spelling', async () => {
    const show = await shower()
    const covered = await show(SUMMARY, ['A'])
    expect(await openLedger()(covered)).toMatchObject({
      ok: true,
      value: { digest: toBase64url(sha256(canonical(covered.rows as unknown as Json))), subjects: 1, prices: 2 },
    })
  })

  it('counts people once, however often they are shown, and refuses one too many', async () => {
    const show = await shower()
    const disclose = openLedger({ subject: 3, price: 100 })
    for (const person of ['A', 'A', 'B', 'C', 'A']) expect((await disclose(await show(SUMMARY, [person]))).ok).toBe(true)
    expect(await disclose(await show(SUMMARY, ['D']))).toMatchObject({
      ok: false,
      refusal: { code: 'exposure_exceeded', detail: expect.stringContaining('4 distinct subjects, and its budget is 3') },
    })
  })

  it.each([
    ['a person', { subject: 0, price: 100 }, '0 people and 100 prices'],
    ['a price', { subject: 1, price: 1 }, '1 person and 1 price'],
  ])('refuses %s too many by the budget of the use case, in the name of its owner', async (_, limits, budget) => {
    expect(await openLedger(limits)(await (await shower())(SUMMARY, ['A']))).toMatchObject({
      refusal: {
        code: 'exposure_exceeded',
        rule: { id: 'exposure-budget', owner: 'Owner of exception-desk', reason: `a session of use case \`exception-desk\` may be shown ${budget}` },
      },
    })
  })

  it('keeps the budget exceeded: whom the session saw before it does not see again either', async () => {
    const show = await shower()
    const disclose = openLedger({ subject: 1, price: 100 })
    expect((await disclose(await show(SUMMARY, ['A']))).ok).toBe(true)
    expect((await disclose(await show(SUMMARY, ['B']))).ok).toBe(false)
    expect((await disclose(await show(SUMMARY, ['A']))).ok).toBe(false)
  })

  it('keeps it exceeded through a restart, and spent up to the limit', async () => {
    const show = await shower()
    for (const person of ['A', 'B', 'C']) expect((await openLedger({ subject: 3, price: 100 })(await show(SUMMARY, [person]))).ok).toBe(true)
    expect((await openLedger({ subject: 3, price: 100 })(await show(SUMMARY, ['C']))).ok).toBe(true)
    expect((await openLedger({ subject: 3, price: 100 })(await show(SUMMARY, ['D']))).ok).toBe(false)
    expect((await openLedger({ subject: 3, price: 100 })(await show(SUMMARY, ['A']))).ok).toBe(false)
  })

  it('counts nobody where people leave as tokens alone, whoever they are', async () => {
    const { session } = await keepSession(pool, { accounts: ['A', 'B', 'C', 'D', 'E'], useCase: 'exception-desk' })
    const caller = await callerOf(session)
    const permit = permitOf(caller, 'findShipments', { status: 'held' })
    const rows = ['A', 'B', 'C', 'D', 'E'].map((customerId) => ({ customerId, shipmentId: customerId, status: 'held' }))
    const covered = cover(await fetchedOf(permit, rows), tokensOf(session.id))
    expect(covered.rows).toHaveLength(5)
    expect(await openLedger({ subject: 0, price: 0 })(covered)).toMatchObject({ ok: true, value: { subjects: 0, prices: 0 } })
    expect(await spentBy(session.id)).toEqual([])
  })

  it('counts a price per record and field, where it leaves clear, and none where it is redacted', async () => {
    const show = await shower()
    const disclose = openLedger({ subject: 100, price: 4 })
    for (const shipmentId of ['S-1', 'S-2', 'S-1']) expect((await disclose(await show(SUMMARY, ['A'], { shipmentId }))).ok).toBe(true)
    expect(await disclose(await show(SUMMARY, ['A'], { shipmentId: 'S-3' }))).toMatchObject({
      ok: false,
      refusal: { detail: expect.stringContaining('6 distinct prices') },
    })
    const inquiry = await shower({ useCase: 'customer-inquiry' })
    expect(await openLedger({ subject: 100, price: 0 })(await inquiry(SUMMARY, ['A']))).toMatchObject({ ok: true, value: { prices: 0 } })
  })

  it('keeps sessions apart, in the table too', async () => {
    const [one, two] = [await shower(), await shower()]
    const disclose = openLedger({ subject: 1, price: 100 })
    expect((await disclose(await one(SUMMARY, ['A']))).ok).toBe(true)
    expect((await disclose(await two(SUMMARY, ['B']))).ok).toBe(true)
    const { rows } = await pool.query<{ digest: Buffer }>("select digest from exposure where kind = 'subject'")
    expect(new Set(rows.map(({ digest }) => digest.toString('hex'))).size).toBe(rows.length)
    expect(JSON.stringify(rows)).not.toContain('"A"')
  })

  it.each(['in one process', 'in two'])('lets two asks at once not both slip over the limit, %s', async (where) => {
    for (let round = 0; round < 10; round++) {
      const show = await shower()
      const first = openLedger({ subject: 1, price: 100 })
      const second = where === 'in two' ? openLedger({ subject: 1, price: 100 }) : first
      const [a, b] = [await show(SUMMARY, ['A']), await show(SUMMARY, ['B'])]
      const both = await Promise.all([first(a), second(b)])
      expect(both.filter(({ ok }) => ok).length).toBeLessThanOrEqual(1)
      expect((await first(a)).ok && (await first(b)).ok).toBe(false)
    }
  })

  it('remembers the larger count, in whatever order the ledger answers two asks at once', async () => {
    const show = await shower()
    const [a, b] = [await show(SUMMARY, ['A']), await show(SUMMARY, ['B'])]
    const answers: (() => void)[] = []
    let count = 0
    const slow = {
      spend: (_: string, kind: string) =>
        new Promise<Outcome<number, never>>((answer) => (kind === 'price' ? answer(done(0)) : answers.push(answer.bind(null, done(++count))))),
    }
    const disclose = discloser(slow, budgetsOf({ subject: 1, price: 100 }), KEY)
    const both = [disclose(a), disclose(b)]
    // The second is told first that there are two by now, the first then that there was one.
    for (const answer of answers.toReversed()) answer()
    expect((await Promise.all(both)).map(({ ok }) => ok)).toEqual([false, false])
    expect((await disclose(a)).ok).toBe(false)
  })

  it('discloses nothing while the ledger cannot be written', async () => {
    const show = await shower()
    const nowhere = poolOf('postgres://nobody@127.0.0.1:1/nothing')
    try {
      const covered = await show(SUMMARY, ['A'])
      expect(await discloser(exposureLedger(nowhere), budgetsOf(), KEY)(covered)).toMatchObject({ ok: false, refusal: { code: 'store_unavailable' } })
      // The next time it can be, nothing is remembered as spent that was not.
      expect(await openLedger()(covered)).toMatchObject({ ok: true, value: { subjects: 1 } })
    } finally {
      await nowhere.end()
    }
  })

  it('throws on what the database objects to, which is a fault of ours: it is not said to be down', async () => {
    const covered = await (await shower())(SUMMARY, ['A'])
    const unprivileged = poolOf(database.roleUrl('sign'))
    try {
      await expect(discloser(exposureLedger(unprivileged), budgetsOf(), KEY)(covered)).rejects.toThrow('permission denied')
    } finally {
      await unprivileged.end()
    }
  })

  it('asks the ledger again after a failure: what was not written is not known', async () => {
    const show = await shower()
    let down = true
    const flaky = {
      spend: (...given: Parameters<ReturnType<typeof exposureLedger>['spend']>) =>
        down ? Promise.resolve(refuse(refusal('store_unavailable', 'no answer'))) : exposureLedger(pool).spend(...given),
    }
    const disclose = discloser(flaky, budgetsOf({ subject: 0, price: 100 }), KEY)
    const covered = await show(SUMMARY, ['A'])
    expect(await disclose(covered)).toMatchObject({ refusal: { code: 'store_unavailable' } })
    down = false
    expect(await disclose(covered)).toMatchObject({ refusal: { code: 'exposure_exceeded' } })
  })
})
