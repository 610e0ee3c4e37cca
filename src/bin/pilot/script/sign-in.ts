import { plainLines } from '../../journal/plain.ts'
import type { Agent } from '../agent.ts'
import type { DeskPerson } from '../desk-client.ts'
import type { Findings } from '../findings.ts'

/** The agent's first ask is answered with a link for its person; once they granted it, the same ask goes through. */
export async function openSessionFor(agent: Agent, employee: DeskPerson, found: Findings): Promise<void> {
  const first = found.count(await agent.ask('listExceptions', { kind: 'late', limit: 1 }))
  found.expect('without a session the agent gets a link to show', !first.ok && first.link !== null, JSON.stringify(first))
  const code = first.ok || first.link === null ? '' : (new URL(first.link).searchParams.get('code') ?? '')

  const link = await employee.call('link', {}, code)
  found.expect('the person sees which agent asks', link.status === 200 && JSON.stringify(link.body).includes('scripted agent'), JSON.stringify(link.body))
  const granted = await employee.call('grantSession', { useCase: 'customer-inquiry' }, code)
  found.expect('the person grants the session', granted.status === 200, JSON.stringify(granted.body))

  for (let tries = 0; tries < 20; tries++) {
    const again = found.count(await agent.ask('listExceptions', { kind: 'late', limit: 1 }))
    if (again.ok) return
    if (again.link === null) throw new Error(`no session: ${plainLines(again.text)}`)
  }
  throw new Error('the session did not open')
}
