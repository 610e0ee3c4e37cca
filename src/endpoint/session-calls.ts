import type { z } from 'zod'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { DEVICE_CODE_GRANT, type DeclaredPosture, SessionOpened, SessionPending } from '../contract/connector.ts'
import type { GateClient } from './gate-client.ts'
import type { Setback } from './setback.ts'

/** The program on whose behalf the connector asks, by its own word. */
export type AgentProgram = { readonly name: string; readonly version: string }

/** Asks for a session, which a person must then grant (RFC 8628 §3.1). */
export async function requestSession(
  gate: GateClient,
  ask: { readonly clientId: string; readonly agent: AgentProgram; readonly posture: z.infer<typeof DeclaredPosture> },
): Promise<Outcome<z.infer<typeof SessionPending>, Setback>> {
  const form = { client_id: ask.clientId, agent_name: ask.agent.name, agent_version: ask.agent.version, posture: JSON.stringify(ask.posture) }
  return parsed(SessionPending, await gate.ask({ method: 'POST', path: '/oauth/device_authorization', form }))
}

/** Asks whether the person has granted it (RFC 8628 §3.4). */
export async function pollSession(gate: GateClient, clientId: string, deviceCode: string): Promise<Outcome<z.infer<typeof SessionOpened>, Setback>> {
  const form = { grant_type: DEVICE_CODE_GRANT, device_code: deviceCode, client_id: clientId }
  return parsed(SessionOpened, await gate.ask({ method: 'POST', path: '/oauth/token', form }))
}

/** A new access token within the same session (RFC 6749 §6). */
export async function renewSession(gate: GateClient, clientId: string, refreshToken: string): Promise<Outcome<z.infer<typeof SessionOpened>, Setback>> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
  return parsed(SessionOpened, await gate.ask({ method: 'POST', path: '/oauth/token', form }))
}

/** The answer as the contract has it, or `garbled`. */
export function parsed<T>(schema: z.ZodType<T>, answer: Outcome<unknown, Setback>): Outcome<T, Setback> {
  if (!answer.ok) return answer
  const read = schema.safeParse(answer.value)
  return read.success ? done(read.data) : refuse({ kind: 'garbled', detail: 'the gate answered in a form this connector does not know' })
}
