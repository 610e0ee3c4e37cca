import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../support/gate.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

const undecided = async () =>
  (await here.pool.query<{ count: number }>("select count(*)::int as count from change where state in ('proposed', 'stale')")).rows[0]?.count
const HOLD = { shipmentId: 'S-A1', status: 'held', reason: 'please look at this one too' }

beforeEach(async () => {
  await here.pool.query("update change set state = 'rejected'")
  Object.assign(here.weather.waiting, { waitingPerSession: 3, waitingPerPerson: 5 })
})

describe('an agent that proposes and proposes', () => {
  it('has no more proposals waiting than its session may, and what is too many is neither kept nor read, only recorded', async () => {
    const held = await here.session()
    const [from, asked] = [(await here.entries()).length, here.asked.length]
    const all = await Promise.all(Array.from({ length: 8 }, () => here.ask(held, 'proposeStatusChange', HOLD)))
    expect(all.map((outcome) => (outcome.ok ? 'ok' : outcome.refusal.code)).toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => 'ok'),
      ...Array.from({ length: 5 }, () => 'too_many_waiting'),
    ])
    expect([await undecided(), here.asked.length - asked]).toEqual([3, 3])
    const entries = await here.entries(from)
    expect(entries.filter(({ kind }) => kind === 'change.proposed')).toHaveLength(3)
    expect(entries.filter(({ kind }) => kind === 'ask.refused')).toMatchObject(
      Array.from({ length: 5 }, () => ({ outcome: 'too_many_waiting', session: held.session.id, person: 'anna', operation: 'proposeStatusChange' })),
    )
  })

  it('gains nothing by more sessions of its person; another person may still propose', async () => {
    const sessions = await Promise.all(Array.from({ length: 4 }, () => here.session()))
    const all = await Promise.all(sessions.flatMap((held) => [1, 2, 3].map(() => here.ask(held, 'proposeStatusChange', HOLD))))
    expect([all.filter(({ ok }) => ok).length, await undecided()]).toEqual([5, 5])
    expect((await here.ask(await here.session({ person: 'eva' }), 'proposeStatusChange', HOLD)).ok).toBe(true)
  })

  it('may propose again once one of them is decided', async () => {
    const held = await here.session()
    for (let n = 0; n < 3; n++) expect((await here.ask(held, 'proposeStatusChange', HOLD)).ok).toBe(true)
    expect(await here.ask(held, 'proposeStatusChange', HOLD)).toMatchObject({ refusal: { code: 'too_many_waiting' } })
    await here.pool.query("update change set state = 'approved' where id = (select id from change where session = $1 limit 1)", [held.session.id])
    expect((await here.ask(held, 'proposeStatusChange', HOLD)).ok).toBe(true)
    expect(await here.ask(held, 'proposeStatusChange', HOLD)).toMatchObject({ refusal: { code: 'too_many_waiting' } })
  })
})
