import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeskPerson } from '../../src/bin/pilot/desk-client.ts'
import { changeSeen, decide, proposeHold, shipmentsOnTheWay, statusOf } from '../support/decisions.ts'
import { type HouseJournal, houseJournal } from '../support/entries.ts'
import { type PilotHouse, startPilot } from '../support/pilot.ts'
import { known } from '../support/processes.ts'
import { openProvenSession, type ProvenSession } from '../support/session.ts'
import { asSuperuser } from '../support/standing.ts'

let pilot: PilotHouse
let session: ProvenSession
let doomed: ProvenSession
let employee: DeskPerson
let approver: DeskPerson
let journal: HouseJournal
let shipments: readonly string[]

beforeAll(async () => {
  pilot = await startPilot()
  ;[employee, approver] = [await pilot.employee(), await pilot.approver()]
  session = await openProvenSession(pilot)
  doomed = await openProvenSession(pilot, 'customer-inquiry', String((await employee.call('inviteDevice')).body['code']))
  for (const one of [session, doomed]) await one.ask('GET', '/v1/operations')
  journal = houseJournal(pilot.raise.house)
  shipments = await shipmentsOnTheWay(session, 8)
})
afterAll(async () => {
  await journal.close()
  await pilot.close()
})

const shipment = (n: number): string => shipments[n] ?? ''
const really = (shipmentId: string) => statusOf(pilot.raise, shipmentId)
const stateOf = async (id: string) => (await changeSeen(approver, id)).state
/** What the journal says of a change, in order. */
const told = async (id: string) => (await journal.since(0)).filter(({ detail }) => detail?.['change'] === id).map(({ kind, outcome }) => `${kind} ${outcome}`)

/** Somebody else changes a record, in the TMS itself. */
const meanwhile = (shipmentId: string, status: string) =>
  asSuperuser(pilot.raise, 'tms', (client) => client.query('update tms.shipment set status = $2 where shipment_id = $1', [shipmentId, status]))

/** The applier stands still while `work` is done. */
async function withApplierHeld<T>(work: () => Promise<T>): Promise<T> {
  const pid = known(pilot.raise.house.pids['apply'])
  process.kill(pid, 'SIGSTOP')
  try {
    return await work()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}

/** A change that the applier has surely looked past: one approved after all the others was applied. */
async function expectApplierLooked(shipmentId: string): Promise<void> {
  const id = await proposeHold(session, shipmentId)
  expect((await decide(approver, await changeSeen(approver, id), 'approve')).status).toBe(200)
  await expect.poll(() => stateOf(id), { timeout: 15_000 }).toBe('applied')
  expect(await really(shipmentId)).toBe('held')
}

describe('a record that changed between proposal and approval', () => {
  it('is not written: the change goes back to the approver with the record as it now is, and the old approval is for nothing', async () => {
    const id = await proposeHold(session, shipment(0))
    const seen = await changeSeen(approver, id)
    await meanwhile(shipment(0), 'out_for_delivery')
    expect((await decide(approver, seen, 'approve')).status).toBe(200)
    await expect.poll(() => stateOf(id), { timeout: 15_000 }).toBe('stale')

    expect(await really(shipment(0))).toBe('out_for_delivery')
    const back = await changeSeen(approver, id)
    expect(back).toMatchObject({ version: seen.version + 1, outcome: 'the record had changed since it was proposed' })
    expect(back.fields).toMatchObject([{ field: 'status', before: 'out_for_delivery', after: 'held' }])
    expect(await told(id)).toEqual(['change.proposed done', 'change.decided done', 'change.applying done', 'change.stale done'])

    const old = await decide(approver, seen, 'approve')
    expect(old).toMatchObject({ status: 409, body: { code: 'change_moved', detail: 'the change is not the one you looked at' } })
    expect(await really(shipment(0))).toBe('out_for_delivery')
    expect((await decide(approver, back, 'approve')).status).toBe(200)
    await expect.poll(() => really(shipment(0)), { timeout: 15_000 }).toBe('held')
    await expect.poll(() => stateOf(id)).toBe('applied')
  }, 40_000)
})

describe('a session revoked at the console', () => {
  it('takes with it what it proposed: neither the change that waits nor the one already approved is ever applied', async () => {
    const [waiting, approved] = [await proposeHold(doomed, shipment(1)), await proposeHold(doomed, shipment(2))]
    const seen = await changeSeen(approver, waiting)
    await withApplierHeld(async () => {
      expect((await decide(approver, await changeSeen(approver, approved), 'approve')).status).toBe(200)
      expect(await stateOf(approved)).toBe('approved')
      expect((await approver.call('revokeSession', { why: 'lost laptop' }, doomed.id)).status).toBe(200)
    })
    expect([await stateOf(waiting), await stateOf(approved)]).toEqual(['voided', 'voided'])
    expect(await told(waiting)).toEqual(['change.proposed done', 'change.voided done'])
    expect(await told(approved)).toEqual(['change.proposed done', 'change.decided done', 'change.voided done'])

    const late = await decide(approver, seen, 'approve')
    expect(late).toMatchObject({ status: 401, body: { code: 'session_revoked', detail: 'the session that proposed it was revoked' } })
    expect(await told(waiting)).toEqual(['change.proposed done', 'change.voided done', 'change.refused session_revoked'])

    const next = await doomed.ask('POST', '/v1/operations/getShipmentSummary', { shipmentId: shipment(1) })
    expect(await next.json()).toMatchObject({ status: 401, code: 'session_revoked', detail: 'this session was revoked' })
    await expectApplierLooked(shipment(3))
    expect([await really(shipment(1)), await really(shipment(2))]).toEqual(['in_transit', 'in_transit'])
  }, 40_000)

  it('is not revoked by somebody who may not: they learn only that there is no such session', async () => {
    const size = await journal.size()
    expect(await employee.call('revokeSession', { why: 'why not' }, 's-00000000000000')).toMatchObject({
      status: 404,
      body: { code: 'not_found', detail: 'there is no such session for you to revoke' },
    })
    expect((await session.ask('GET', '/v1/operations')).status).toBe(200)
    expect((await journal.since(size)).filter(({ kind }) => kind === 'session.revoked')).toEqual([])
  })
})

describe('an approval', () => {
  it('is not given by the person whose agent proposed it, nor twice, and each refusal is recorded', async () => {
    const id = await proposeHold(session, shipment(4))
    const seen = await changeSeen(approver, id)
    expect(await decide(employee, seen, 'approve')).toMatchObject({ status: 403 })
    expect((await decide(approver, seen, 'reject')).status).toBe(200)
    expect(await decide(approver, seen, 'approve')).toMatchObject({ status: 409, body: { code: 'change_not_waiting', detail: 'the change is rejected' } })
    expect(await told(id)).toEqual([
      'change.proposed done',
      expect.stringMatching(/^change.refused (not_approver|own_change)$/),
      'change.decided done',
      'change.refused change_not_waiting',
    ])
    await expectApplierLooked(shipment(5))
    expect(await really(shipment(4))).toBe('in_transit')
  }, 30_000)

  it('writes nothing while the TMS is away; the change waits for a person or comes to its end, never to a second write', async () => {
    const id = await proposeHold(session, shipment(6))
    const version = () =>
      asSuperuser(
        pilot.raise,
        'tms',
        async (client) => (await client.query<{ version: string }>('select version from tms.shipment where shipment_id = $1', [shipment(6)])).rows[0]?.version,
      )
    const before = await version()
    await asSuperuser(pilot.raise, 'postgres', async (client) => {
      await client.query('alter database tms with allow_connections false')
      await client.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'tms'")
    })
    try {
      expect((await decide(approver, await changeSeen(approver, id), 'approve')).status).toBe(200)
      await expect.poll(() => stateOf(id), { timeout: 15_000 }).toBe('failed')
    } finally {
      await asSuperuser(pilot.raise, 'postgres', (client) => client.query('alter database tms with allow_connections true'))
    }
    expect((await changeSeen(approver, id)).outcome).toBe('the source would not take it')
    expect(await told(id)).toEqual(['change.proposed done', 'change.decided done', 'change.applying done', 'change.failed done'])
    await expectApplierLooked(shipment(7))
    expect([await really(shipment(6)), await version()]).toEqual(['in_transit', before])
  }, 40_000)
})
