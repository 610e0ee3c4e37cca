import { randomBytes } from 'node:crypto'
import type { PilotPeople } from '../../src/bin/pilot/people.ts'
import { Enrolled } from '../../src/contract/connector.ts'
import { openGateClient } from '../../src/endpoint/gate-client.ts'
import { makeKey } from '../../src/endpoint/key-store.ts'
import { pollSession, requestSession } from '../../src/endpoint/session-calls.ts'
import { makeProof } from '../../src/proof/dpop.ts'
import type { PilotHouse } from './pilot.ts'

/** A session of the pilot's employee, opened the real way: enrolled device, asked for, granted at the console. Requests are proven by hand. */
export type ProvenSession = {
  readonly id: string
  readonly accessToken: string
  /** Headers of one request: token, fresh proof, the newest nonce. `over` makes a wrong one of it; null leaves it out. */
  readonly headers: (
    method: string,
    path: string,
    over?: { readonly url?: string; readonly nonce?: string | null; readonly token?: string | null; readonly clock?: () => number },
  ) => Record<string, string>
  /** Asks, and once more when only the nonce was old. */
  readonly ask: (method: string, path: string, body?: unknown, more?: Record<string, string>) => Promise<Response>
  readonly heard: (response: Response) => void
}

/** A pilot in this process, or one started by its command. */
export type SessionHouse = Pick<PilotHouse, 'employee'> & { readonly raise: { readonly gateUrl: string; readonly people: Pick<PilotPeople, 'enrolmentCode'> } }

export async function openProvenSession(pilot: SessionHouse, useCase = 'customer-inquiry', code = pilot.raise.people.enrolmentCode): Promise<ProvenSession> {
  const { gateUrl } = pilot.raise
  const key = makeKey()
  const client = openGateClient({ gate: gateUrl, key, clock: Date.now, random: randomBytes })
  const must = <T>(outcome: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: unknown }): T => {
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal))
    return outcome.value
  }
  const enrolled = Enrolled.parse(
    must(await client.ask({ method: 'POST', path: '/enrol', json: { code, jwk: key.publicJwk, name: 'test device', platform: 'linux' } })),
  )
  const posture = { platform: 'linux', osVersion: 'test', diskEncrypted: false, firewallOn: false }
  const pending = must(await requestSession(client, { clientId: enrolled.device, agent: { name: 'test agent', version: '1' }, posture }))
  const granted = await (await pilot.employee()).call('grantSession', { useCase }, pending.user_code)
  if (granted.status !== 200) throw new Error(JSON.stringify(granted.body))
  const opened = must(await pollSession(client, enrolled.device, pending.device_code))
  await client.close()

  let nonce = ''
  const headers: ProvenSession['headers'] = (method, path, over = {}) => {
    const token = over.token === undefined ? opened.access_token : over.token
    const proof = makeProof({
      key: key.privateKey,
      jwk: key.publicJwk,
      method,
      url: over.url ?? `${gateUrl}${path}`,
      ...(over.nonce === null ? {} : { nonce: over.nonce ?? nonce }),
      ...(token === null ? {} : { accessToken: token }),
      clock: over.clock ?? Date.now,
      random: randomBytes,
    })
    return { ...(token === null ? {} : { authorization: `DPoP ${token}` }), dpop: proof }
  }
  const heard = (response: Response): void => {
    nonce = response.headers.get('dpop-nonce') ?? nonce
  }
  const ask: ProvenSession['ask'] = async (method, path, body, more = {}) => {
    const send = () =>
      fetch(`${gateUrl}${path}`, {
        method,
        headers: { ...headers(method, path), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...more },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
    const first = await send()
    heard(first)
    if (first.status !== 401 || !(first.headers.get('www-authenticate') ?? '').includes('use_dpop_nonce')) return first
    const second = await send()
    heard(second)
    return second
  }
  return { id: opened.session, accessToken: opened.access_token, headers, ask, heard }
}
