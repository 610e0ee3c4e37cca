import { statusesOf } from '../../../synth/facts.ts'
import type { Agent } from '../agent.ts'
import type { DeskPerson } from '../desk-client.ts'
import type { Findings } from '../findings.ts'
import type { Raise } from '../raise.ts'

export type ChangeStep = {
  readonly agent: Agent
  readonly employee: DeskPerson
  readonly approver: DeskPerson
  readonly raise: Raise
  readonly found: Findings
}

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
    by.call(
      'decideChange',
      { version: seen(id).version, digest: seen(id).digest, decision, reason: decision === 'approve' ? 'spoke with the customer' : 'it must leave today' },
      id,
    )

  const own = await decide(employee, toApprove, 'approve')
  found.expect('the person whose agent proposed it may not approve it', own.status === 403 && own.body['code'] === 'own_change', JSON.stringify(own.body))
  const approved = await decide(approver, toApprove, 'approve')
  found.expect('the approver approves one', approved.status === 200, JSON.stringify(approved.body))
  const rejected = await decide(approver, toReject, 'reject')
  found.expect('and rejects the other', rejected.status === 200, JSON.stringify(rejected.body))

  const states = await settled(approver, [toApprove, toReject])
  const inTms = await statusesOf({ ...raise.cluster.superuser, database: 'tms' }, [first.id, second.id])
  found.expect(
    'the approved one is applied in the TMS',
    states.get(toApprove) === 'applied' && inTms.get(first.id) === 'held',
    `${states.get(toApprove)}, ${inTms.get(first.id)}`,
  )
  found.expect(
    'the rejected one is not',
    states.get(toReject) === 'rejected' && inTms.get(second.id) === second.status,
    `${states.get(toReject)}, ${inTms.get(second.id)}`,
  )
  const again = found.count(await agent.ask('getShipmentSummary', { shipmentId: first.id }))
  found.expect('and the agent sees it', again.ok && again.body.rows[0]?.['status'] === 'held', again.ok ? String(again.body.rows[0]?.['status']) : again.text)
  for (const [id, state] of states) {
    const told = found.count(await agent.ask('getChangeState', { changeId: id }))
    found.expect(
      `the agent is told that its change is ${state}`,
      told.ok && told.body.rows[0]?.['state'] === state,
      told.ok ? JSON.stringify(told.body.rows) : told.text,
    )
  }
  for (const one of states.values()) found.changes.set(one, (found.changes.get(one) ?? 0) + 1)
}

/** Waits for the applier: how each change stands, as the approver's console says. */
async function settled(approver: DeskPerson, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  for (const until = performance.now() + APPLIED_WITHIN_MS; ; await new Promise((wake) => setTimeout(wake, 200))) {
    const { recent } = (await approver.call('changes')).body as { readonly recent: readonly { readonly id: string; readonly state: string }[] }
    const states = new Map(recent.filter(({ id }) => ids.includes(id)).map(({ id, state }) => [id, state]))
    const waits = [...states.values()].some((state) => state === 'approved' || state === 'applying')
    if ((states.size === ids.length && !waits) || performance.now() > until) return states
  }
}
