import type { CallToolResult, Tool } from '@modelcontextprotocol/server'
import type { Fault } from '../model/fault.ts'
import type { Device } from './device.ts'
import { saySignIn } from './say.ts'
import type { SessionState } from './session-state.ts'

/** The one tool of the connector's own: how things stand, asking nobody and changing nothing. */
export const STATUS_TOOL: Tool = {
  name: 'gatehouse_status',
  title: 'Gatehouse: how things stand',
  description:
    'Whether this device is enrolled with Gatehouse, who is signed in for which use case, how long the session lasts, and the sign-in link if one is waiting. Reads nothing from company systems.',
  inputSchema: { type: 'object', properties: {}, additionalProperties: false },
  annotations: { title: 'Gatehouse: how things stand', readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
}

/** `fault`: why there is no device to speak for, and what to do. */
export function statusResult(
  found: { readonly device: Device; readonly session: SessionState; readonly now: number } | { readonly fault: Fault },
): CallToolResult {
  if ('fault' in found) return text(`Not connected: ${found.fault.message}.\nWhat to do next: ${found.fault.next}.`, { enrolled: false, session: 'none' })
  const { device, session, now } = found
  const about = { enrolled: true, gate: device.gate, device: device.device, session: session.phase }
  const where = `Device ${device.device} is enrolled at ${device.gate} for ${device.person}.`
  switch (session.phase) {
    case 'none':
      return text(`${where}\nNo session yet. Call any operation to get a sign-in link for the person.`, about)
    case 'ended':
      return text(`${where}\nNo session: ${session.why}. Call any operation to get a sign-in link for the person.`, about)
    case 'pending':
      return text(`${where}\n${saySignIn(session)}`, { ...about, link: session.link, userCode: session.userCode })
    case 'open': {
      const minutesLeft = Math.max(0, Math.floor((session.endsAt - now) / 60_000))
      const open = { ...about, person: session.person, useCase: session.useCase, minutesLeft }
      return text(`${where}\nSession open: ${session.person}, use case \`${session.useCase}\`, ${minutesLeft} minutes left.`, open)
    }
  }
}

const text = (words: string, structure: Readonly<Record<string, unknown>>): CallToolResult => ({
  content: [{ type: 'text', text: words }],
  structuredContent: structure,
})
