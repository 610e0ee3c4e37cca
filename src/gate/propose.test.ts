import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../../test/support/gate.ts'
import { must, tokensOf } from '../../test/support/stages.ts'
import { done } from '../base/outcome.ts'
import { changeDigest } from '../changes/change.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())
afterEach(() => {
  Object.assign(here.weather, { journal: 'up', stores: 'up', source: null })
  Object.assign(here.weather.waiting, { waitingPerSession: 1000, waitingPerPerson: 1000 })
})

const HOLD = { shipmentId: 'S-A1', status: 'held', reason: 'the customer CANARY asked' }
const recordOf = async (id = 'S-A1') => (await here.tms.sql('select status, version::int from tms.shipment where shipment_id = $1', [id]))[0]
const kept = async () => (await here.pool.query<{ count: number }>('select count(*)::int as count from change')).rows[0]?.count

/** What comes of a proposal: the refusal, how many changes were kept and how often the record was written, and the kinds of its entries. */
async function comesOf(input: unknown) {
  const held = await here.session()
  const [changes, version, from] = [await kept(), (await recordOf())?.['version'], (await here.entries()).length]
  const outcome = await here.ask(held, 'proposeStatusChange', input)
  here.weather.journal = 'up'
  return {
    code: outcome.ok ? 'ok' : outcome.refusal.code,
    kept: Number(await kept()) - Number(changes),
    writes: Number((await recordOf())?.['version']) - Number(version),
    entries: (await here.entries(from)).map(({ kind }) => kind),
  }
}
const NOTHING = { kept: 0, writes: 0 }

describe('propose', () => {
  it('keeps a change with the record as it is, records it, and writes nothing', async () => {
    const held = await here.session()
    const before = await recordOf()
    const from = (await here.entries()).length
    const answer = must(await here.ask(held, 'proposeStatusChange', HOLD))
    const id = String(answer.rows[0]?.['id'])
    expect(answer).toMatchObject({ rows: [{ state: 'proposed', waitsFor: 'an approver' }], covered: {}, next: null })
    const change = await here.gate.changes.find(id)
    if (!change) throw new Error('not kept')
    expect(change).toMatchObject({
      state: 'proposed',
      version: 1,
      before: { status: 'in_transit' },
      after: { status: 'held' },
      key: 'S-A1',
      account: 'A',
      person: 'anna',
      reversibility: 'reversible',
      proposedAt: here.weather.now,
    })
    const entries = await here.entries(from)
    expect(entries).toMatchObject([
      {
        kind: 'change.proposed',
        outcome: 'done',
        digest: changeDigest(change),
        session: held.session.id,
        detail: { change: id, version: 1, before: { status: 'in_transit' }, after: { status: 'held' }, fields: ['status'] },
      },
    ])
    expect(answer.entry.digest).toBe(changeDigest(change))
    expect(await recordOf()).toEqual(before)
  })

  it("seals the agent's reason: it stands in clear in neither table nor journal", async () => {
    const held = await here.session()
    const from = (await here.entries()).length
    const { rows } = must(await here.ask(held, 'proposeStatusChange', HOLD))
    const change = await here.gate.changes.find(String(rows[0]?.['id']))
    expect(tokensOf(held.session.id).open('rsn', change?.reason ?? '')).toBe(HOLD.reason)
    expect(JSON.stringify([change, await here.entries(from)])).not.toContain('CANARY')
  })

  it.each([
    ['what a rule forbids', { ...HOLD, status: 'cancelled' }, 'forbidden'],
    ['a status that is none', { ...HOLD, status: 'lost' }, 'invalid_input'],
    ['no reason', { ...HOLD, reason: '' }, 'invalid_input'],
    ['a field it may not set', { ...HOLD, customerId: 'B' }, 'invalid_input'],
    ['what the record already is', { ...HOLD, status: 'in_transit' }, 'invalid_input'],
    ["another account's record", { ...HOLD, shipmentId: 'S-B1' }, 'not_found'],
    ['a record that is not there', { ...HOLD, shipmentId: 'S-A99' }, 'not_found'],
  ])('keeps nothing of a proposal of %s', async (_, input, code) => {
    expect(await comesOf(input)).toEqual({ ...NOTHING, code, entries: ['ask.refused'] })
  })

  it('keeps nothing where the journal is down', async () => {
    here.weather.journal = 'down'
    expect(await comesOf(HOLD)).toEqual({ ...NOTHING, code: 'journal_unavailable', entries: [] })
  })

  it('says that nothing was proposed when it cannot be kept', async () => {
    here.weather.stores = 'down'
    expect(await comesOf(HOLD)).toEqual({ ...NOTHING, code: 'store_unavailable', entries: ['change.proposed', 'ask.refused'] })
  })

  it('throws where keeping it fails by a fault of ours, and keeps nothing', async () => {
    const before = await kept()
    here.weather.stores = 'broken'
    await expect(here.ask(await here.session(), 'proposeStatusChange', HOLD)).rejects.toThrow(TypeError)
    expect(await kept()).toBe(before)
  })

  it('keeps nothing of a session revoked while its ask was under way', async () => {
    const held = await here.session()
    const before = await kept()
    here.weather.source = async (_, own) => {
      here.identity.revocation.heard(held.session.id)
      return own
    }
    expect(await here.ask(held, 'proposeStatusChange', HOLD)).toMatchObject({ refusal: { code: 'session_revoked' } })
    expect(await kept()).toBe(before)
  })

  it("is about the record that was asked for, though the source sends another's first", async () => {
    const held = await here.session()
    here.weather.source = async (_, own) =>
      done([{ shipmentId: 'S-B1', customerId: 'B', status: 'CANARY' }, { shipmentId: 'S-A2', customerId: 'A', status: 'CANARY' }, ...must(own)])
    const from = (await here.entries()).length
    const { rows } = must(await here.ask(held, 'proposeStatusChange', HOLD))
    expect(await here.gate.changes.find(String(rows[0]?.['id']))).toMatchObject({ key: 'S-A1', account: 'A', before: { status: 'in_transit' } })
    expect(JSON.stringify(await here.entries(from))).not.toContain('CANARY')
  })
})
