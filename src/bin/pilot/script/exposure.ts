import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Agent, Asked } from '../agent.ts'
import type { Findings } from '../findings.ts'
import type { Raise } from '../raise.ts'

const UseCases = z.object({ useCases: z.object({ 'customer-inquiry': z.object({ exposure: z.object({ subject: z.number() }) }) }) })

/**
 * Asks about one customer after another until there is none left: refused before it has seen more of them than its budget, and from then
 * on also for those it saw before. Comes last in a session. Where it came across no more customers than the budget, all are shown.
 */
export async function readOn(agent: Agent, { dataFolder }: Raise, found: Findings): Promise<void> {
  const budget = UseCases.parse(parse(readFileSync(join(dataFolder, 'usecases.yaml'), 'utf8'))).useCases['customer-inquiry'].exposure.subject
  const oneOfEach = [...new Map(found.shipments.map(({ customer, id }) => [customer, id])).values()]
  const summary = async (shipmentId: string): Promise<Asked> => found.count(await agent.ask('getShipmentSummary', { shipmentId }))

  const shown: string[] = []
  for (const shipmentId of oneOfEach) {
    const asked = await summary(shipmentId)
    if (asked.ok) shown.push(shipmentId)
    else if (asked.code !== 'exposure_exceeded') found.expect('reading on is answered or refused as exposure_exceeded', false, asked.text)
  }
  found.expect(`no more than ${budget} customers are shown in a session`, shown.length <= budget, String(shown.length))
  if (oneOfEach.length <= budget) return
  found.expect('reading on is refused as exposure_exceeded', found.refusals.has('exposure_exceeded'))
  const again = await summary(shown[0] ?? '')
  found.expect('and a customer seen before is not shown any more either', !again.ok && again.code === 'exposure_exceeded', again.ok ? 'answered' : again.text)
}
