import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { answered, refused } from '../support/path.ts'
import { must, tokensOf } from '../support/stages.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

describe('getChangeState', () => {
  const proposed = async () => {
    const held = await here.session()
    const { answer } = await answered(here, 'proposeStatusChange', { shipmentId: 'S-A1', status: 'held', reason: 'r' }, held)
    return { held, changeId: String(answer.rows[0]?.['id']) }
  }

  it('answers how a change stands, to the session that proposed it', async () => {
    const { held, changeId } = await proposed()
    const { answer, entry } = await answered(here, 'getChangeState', { changeId }, held)
    expect(answer.rows).toEqual([{ changeId, operation: 'proposeStatusChange', state: 'proposed', version: 1, outcome: null }])
    expect(answer.covered).toEqual({})
    expect(entry?.detail).toMatchObject({ asked: { changeId }, rule: 'own-changes' })
  })

  it('follows the change', async () => {
    const { held, changeId } = await proposed()
    const change = await here.gate.changes.find(changeId)
    if (!change) throw new Error('not kept')
    await here.gate.changes.move({ ...change, state: 'voided', outcome: 'lost laptop' }, 'proposed', 1)
    expect((await answered(here, 'getChangeState', { changeId }, held)).answer.rows).toMatchObject([{ state: 'voided', outcome: 'lost laptop' }])
  })

  it("answers alike for another session's change and for none, of the same person too", async () => {
    const { changeId } = await proposed()
    const [foreign, absent] = [await refused(here, 'getChangeState', { changeId }), await refused(here, 'getChangeState', { changeId: 'chg-none' })]
    expect(foreign).toEqual(absent)
    expect(foreign.code).toBe('not_found')
  })

  it('tells neither reason nor record, nor who decided', async () => {
    const { held, changeId } = await proposed()
    const change = await here.gate.changes.find(changeId)
    const { answer } = await answered(here, 'getChangeState', { changeId }, held)
    const shown = JSON.stringify(answer.rows)
    for (const word of [tokensOf(held.session.id).seal('rsn', 'r'), String(change?.key), 'anna', held.session.id]) expect(shown).not.toContain(word)
    expect(must(await here.ask(held, 'getChangeState', { changeId })).rows).toEqual(answer.rows)
  })
})
