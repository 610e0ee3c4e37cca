import { shipmentOutside } from '../../../synth/facts.ts'
import type { Agent, Asked } from '../agent.ts'
import type { Findings } from '../findings.ts'
import type { Raise } from '../raise.ts'

/** What must be refused is refused, with its code; the run fails if it is not. */
export async function tryRefusals(agent: Agent, raise: Raise, found: Findings): Promise<void> {
  const mine = found.shipments[0]?.id ?? ''
  const must = async (what: string, code: string, operation: string, input: object): Promise<Asked> => {
    const asked = found.count(await agent.ask(operation, input))
    found.expect(`${what} is refused as ${code}`, !asked.ok && asked.code === code, asked.ok ? 'answered' : asked.code)
    return asked
  }
  await must('an unknown operation', 'unknown_operation', 'exportEverything', {})
  await must('an argument of the wrong type', 'invalid_input', 'getShipmentSummary', { shipmentId: 7 })
  await must('an extra argument', 'invalid_input', 'getShipmentSummary', { shipmentId: mine, fields: '*' })
  await must('a list without anything to narrow it', 'invalid_input', 'findShipments', {})
  await must('more rows than the cap', 'invalid_input', 'findShipments', { status: 'delivered', limit: 5000 })
  await must('a made-up token', 'reference_meaningless', 'getOrderHistory', { customer: 'acc_0123456789abcdefghjkmnpqrstvwxyz' })
  await must('cancelling a shipment', 'forbidden', 'proposeStatusChange', { shipmentId: mine, status: 'cancelled', reason: 'trying' })

  const absent = await must('an absent shipment', 'not_found', 'getShipmentSummary', { shipmentId: 'NO-SUCH-SHIPMENT' })
  const foreign = (await shipmentOutside({ ...raise.cluster.superuser, database: 'tms' }, raise.tms.accounts['customer-service'])) ?? ''
  const theirs = await must("another customer's shipment", 'not_found', 'getShipmentSummary', { shipmentId: foreign })
  const plain = (asked: Asked) => (asked.ok ? '' : asked.text.replace(/req-\w+/g, ''))
  found.expect('a foreign and an absent shipment answer alike', plain(absent) === plain(theirs), plain(theirs))
  found.expect('the foreign shipment is really there', foreign !== '')

  let limited: Asked | null = null
  for (let asks = 0; asks < 100 && limited === null; asks++) {
    const asked = found.count(await agent.ask('getChangeState', { changeId: `chg-${asks}` }))
    if (!asked.ok && asked.code === 'rate_limited') limited = asked
  }
  found.expect(
    'too many asks are refused as rate_limited, with when to come back',
    limited !== null && !limited.ok && /\d+ s/.test(limited.text),
    limited?.ok === false ? limited.text : 'never refused',
  )
}
