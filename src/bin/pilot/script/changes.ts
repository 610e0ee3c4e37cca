import pg from 'pg'
import type { Agent } from '../agent.ts'
import type { DeskPerson } from '../desk-client.ts'
import type { Findings } from '../findings.ts'
import type { Raise } from '../raise.ts'

export type ChangeStep = { readonly agent: Agent; readonly employee: DeskPerson; readonly approver: DeskPerson; readonly raise: Raise; readonly found: Findings }

type Waiting = { readonly id: string; readonly version: number; readonly digest: string }
const APPLIED_WITHIN_MS = 20_000

/** Two proposals: one approved and applied, one rejected and left alone; nobody approves their own. */
export async function proposeAndDecide({ agent, employee, approver, raise, found }: ChangeStep): Promise<void> {
  const [first, second] = found.shipments.filter(({ status }) => status !== 'held' && status !== 'cancelled')
  if (!first || !second) return found.expect('two shipments to change are there', false)

  const propose = async (shipmentId: string): Promise<string> => {
    const asked = found.count(await agent.ask('proposeStatusChange', { shipmentId, status: 'held', reason: 'the customer asked us to wait' }))
    found.expect('a change is proposed and waits', asked.ok && asked.body.rows[0]?.['state'] === 'proposed', asked.ok ? '' : asked.text)
    return asked.ok ? String(asked.body.rows[0]?.['id']) : ''
  }
  const [toApprove, toReject] = [await propose(first.id), await propose(second.id)]

  const { waiting } = (await approver.call('changes')).body as { readonly waiting: readonly Waiting[] }
  const seen = (id: string): Waiting => waiting.find((change) => change.id === id) ?? { id, version: 0, digest: '' }
  const decide = (by: DeskPerson, id: string, decision: 'approve' | 'reject') =>
    by.call('decideChange', { version: seen(id).version, digest: seen(id).digest, decision, reason: decision === 'approve' ? 'spoke with the customer' : 'it must leave today' }, id)

  const own = await decide(employee, toApprove, 'approve')
  found.expect("the person whose agent proposed it may not approve it", own.status === 403, JSON.stringify(own.body))
  const approved = await decide(approver, toApprove, 'approve')
  found.expect('the approver approves one', approved.status === 200, JSON.stringify(approved.body))
  const rejected = await decide(approver, toReject, 'reject')
  found.expect('and rejects the other', rejected.status === 200, JSON.stringify(rejected.body))

  await appliedWithin(raise, toApprove)
  const state = async (id: string) => (await changeStates(raise, [id])).get(id) ?? ''
  const inTms = await statuses(raise, [first.id, second.id])
  found.expect('the approved one is applied in the TMS', (await state(toApprove)) === 'applied' && inTms.get(first.id) === 'held', `${await state(toApprove)}, ${inTms.get(first.id)}`)
  found.expect('the rejected one is not', (await state(toReject)) === 'rejected' && inTms.get(second.id) === second.status, `${await state(toReject)}, ${inTms.get(second.id)}`)
  const again = found.count(await agent.ask('getShipmentSummary', { shipmentId: first.id }))
  found.expect('and the agent sees it', again.ok && again.body.rows[0]?.['status'] === 'held', again.ok ? String(again.body.rows[0]?.['status']) : again.text)
  for (const one of (await changeStates(raise, [toApprove, toReject])).values()) found.changes.set(one, (found.changes.get(one) ?? 0) + 1)
}

async function appliedWithin(raise: Raise, id: string): Promise<void> {
  for (const until = performance.now() + APPLIED_WITHIN_MS; performance.now() < until; await new Promise((wake) => setTimeout(wake, 200)))
    if ((await changeStates(raise, [id])).get(id) === 'applied') return
}

const changeStates = (raise: Raise, ids: readonly string[]) => query(raise, 'gatehouse', 'select id as key, state as value from change where id = any($1)', ids)
const statuses = (raise: Raise, ids: readonly string[]) => query(raise, 'tms', 'select shipment_id as key, status as value from tms.shipment where shipment_id = any($1)', ids)

/** What really stands in a database, seen past the house. */
async function query({ cluster }: Raise, database: string, text: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const client = new pg.Client({ ...cluster.superuser, database })
  await client.connect()
  try {
    return new Map((await client.query<{ key: string; value: string }>(text, [ids])).rows.map((row) => [row.key, row.value]))
  } finally {
    await client.end()
  }
}
