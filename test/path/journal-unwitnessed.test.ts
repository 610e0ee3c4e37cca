import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { approve } from '../../src/gate/approve.ts'
import { openTestApplier, type TestApplier } from '../support/applier.ts'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { answered, refused } from '../support/path.ts'

/** What happens while nobody outside has seen the journal for too long. */
let here: TestGate
let applier: TestApplier
beforeAll(async () => {
  here = await openTestGate()
  applier = await openTestApplier(here)
})
afterEach(() => {
  here.weather.witness = 'up'
})
afterAll(async () => {
  await applier.close()
  await here.close()
})

const HOLD = { shipmentId: 'S-A1', status: 'held', reason: 'the customer asked' }

describe('while no witness sees the journal', () => {
  it('no change is proposed: it is refused and recorded, and the source is not asked', async () => {
    here.weather.witness = 'down'
    const asked = here.asked.length
    expect(await refused(here, 'proposeStatusChange', HOLD)).toEqual({ code: 'journal_unwitnessed', detail: 'no witness has seen the journal for 600 s' })
    expect(here.asked.length).toBe(asked)
    expect(await here.gate.changes.inStates(['proposed'], 10)).toEqual([])
    here.weather.witness = 'up'
    await answered(here, 'proposeStatusChange', HOLD)
  })

  it('no approval counts, and a rejection does', async () => {
    const [change] = await here.gate.changes.inStates(['proposed'], 10)
    if (!change) throw new Error('nothing is proposed')
    const { changeDigest } = await import('../../src/changes/change.ts')
    const approving = { ...here.gate, authority: here.authority, isApprover: async () => true, sign: () => '' }
    const verdict = { change: change.id, seen: changeDigest(change), reason: 'r', by: 'ben', correlation: 'cor-x' } as const
    here.weather.witness = 'down'
    expect(await approve(approving, { ...verdict, decision: 'approve' })).toMatchObject({ ok: false, refusal: { code: 'journal_unwitnessed' } })
    expect((await here.gate.changes.find(change.id))?.state).toBe('proposed')
    expect(await approve(approving, { ...verdict, decision: 'reject' })).toMatchObject({ ok: true, value: { state: 'rejected' } })
  })

  it('the applier writes nothing, and leaves what was approved for later', async () => {
    await applier.approved('S-A2')
    const before = await applier.record('S-A2')
    here.weather.witness = 'down'
    const from = (await here.entries()).length
    expect(await applier.look()).toEqual(['no witness has seen the journal for 600 s'])
    expect([await applier.record('S-A2'), (await here.entries(from)).length]).toEqual([before, 0])
    here.weather.witness = 'up'
    expect(await applier.look()).toEqual(['applied'])
  })

  it('reading goes on', async () => {
    here.weather.witness = 'down'
    expect((await answered(here, 'getShipmentSummary', { shipmentId: 'S-A1' })).answer.rows).toHaveLength(1)
  })
})
