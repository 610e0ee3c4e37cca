import { customerOf } from '../../../synth/facts.ts'
import type { Agent } from '../agent.ts'
import type { DeskPerson } from '../desk-client.ts'
import type { Findings } from '../findings.ts'
import type { Raise } from '../raise.ts'

/** The agent writes with tokens and never sees the address; its person sees label and letter resolved, in the console. */
export async function prepareAndShow(agent: Agent, employee: DeskPerson, raise: Raise, found: Findings): Promise<void> {
  const shipmentId = found.shipments[0]?.id ?? ''
  const summary = found.count(await agent.ask('getShipmentSummary', { shipmentId }))
  const name = summary.ok ? String(summary.body.rows[0]?.['customerName']) : ''

  const customer = (await customerOf({ ...raise.cluster.superuser, database: 'tms' }, shipmentId)) ?? 'nobody'

  const label = found.count(await agent.ask('prepareReturnLabel', { shipmentId, parcels: 2 }))
  const letter = found.count(await agent.ask('prepareCustomerReply', { shipmentId, subject: 'Your shipment', body: `Dear ${name},\nit is on its way.` }))
  for (const [what, asked] of [
    ['label', label],
    ['letter', letter],
  ] as const) {
    const id = asked.ok ? String(asked.body.rows[0]?.['id']) : ''
    found.expect(`a ${what} is prepared`, asked.ok, asked.ok ? '' : asked.text)
    const shown = await employee.call('showDraft', {}, id)
    const lines = Array.isArray(shown.body['lines']) ? shown.body['lines'].map(String) : []
    found.expect(
      `the person sees the ${what} with the customer's name`,
      shown.status === 200 && lines.some((line) => line.includes(customer)),
      JSON.stringify(shown.body),
    )
    if (what === 'letter')
      found.expect(
        'the agent never saw the name in it',
        name.startsWith('cus_') && !lines.some((line) => line.includes(name)) && lines.includes(`Dear ${customer},`),
      )
  }
}
