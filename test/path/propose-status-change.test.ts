import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApplier, type TestApplier } from '../support/applier.ts'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { answered, refused } from '../support/path.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

let applier: TestApplier
beforeAll(async () => {
  applier = await openTestApplier(here)
})
afterAll(() => applier.close())

const HOLD = { shipmentId: 'S-A1', status: 'held', reason: 'the customer asked' }

describe('proposeStatusChange', () => {
  it('answers with a change that waits for a person, and changes nothing', async () => {
    const before = await applier.record('S-A1')
    const { answer, entry } = await answered(here, 'proposeStatusChange', HOLD)
    expect(answer.rows).toEqual([{ id: expect.stringMatching(/^chg-/), state: 'proposed', waitsFor: 'an approver' }])
    expect(entry).toMatchObject({
      kind: 'change.proposed',
      detail: { before: { status: 'in_transit' }, after: { status: 'held' }, asked: { shipmentId: 'S-A1' } },
    })
    expect(await applier.look()).toEqual([])
    expect(await applier.record('S-A1')).toEqual(before)
  })

  it('is written once another person approved it, and the journal says the whole way', async () => {
    const from = (await here.entries()).length
    const change = await applier.approved('S-A2')
    const before = await applier.record('S-A2')
    expect(await applier.look()).toEqual(['applied'])
    expect(await applier.record('S-A2')).toEqual({ status: 'held', writes: before.writes + 1 })
    const entries = (await here.entries(from)).filter(({ detail }) => detail?.['change'] === change.id)
    expect(entries.map(({ kind, person }) => `${kind} ${person}`)).toEqual([
      'change.proposed anna',
      'change.decided ben',
      'change.applying anna',
      'change.applied anna',
    ])
    expect(new Set(entries.map(({ digest }) => digest)).size).toBe(1)
  })

  it('is forbidden by name where a rule forbids it, with whom to ask', async () => {
    expect(await refused(here, 'proposeStatusChange', { ...HOLD, status: 'cancelled' })).toMatchObject({
      code: 'forbidden',
      rule: { id: 'no-cancelling', owner: 'Head of Operations' },
    })
  })

  it("answers alike for another account's shipment and for none", async () => {
    const [foreign, absent] = [
      await refused(here, 'proposeStatusChange', { ...HOLD, shipmentId: 'S-B1' }),
      await refused(here, 'proposeStatusChange', { ...HOLD, shipmentId: 'S-A99' }),
    ]
    expect(foreign).toEqual(absent)
  })

  it('may be proposed ten times at once, and then must wait', async () => {
    const held = await here.session()
    for (let n = 0; n < 10; n++) await answered(here, 'proposeStatusChange', HOLD, held)
    expect(await refused(here, 'proposeStatusChange', HOLD, held)).toMatchObject({ code: 'rate_limited', retryAfterSeconds: 6 })
  })
})
