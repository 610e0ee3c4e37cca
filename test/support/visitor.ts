import type { Outcome } from '../../src/base/outcome.ts'
import { decideSession } from '../../src/gate/admit.ts'
import { invite, setPassphrase } from '../../src/identity/invite.ts'
import { type SignedIn, signIn, whoIs } from '../../src/identity/sign-in.ts'
import type { Refusal } from '../../src/model/refusal.ts'
import { type Lobby, newDevice, type TestDevice } from './lobby.ts'

export const PASSPHRASE = 'correct horse battery staple'
const CLIENT = { client_id: 'gatehouse-connect' }
export const POSTURE = { platform: 'linux', osVersion: '6.12', diskEncrypted: true, firewallOn: true }

export function must<T>(outcome: Outcome<T, Refusal>): T {
  if (!outcome.ok) throw new Error(`${outcome.refusal.code}: ${outcome.refusal.detail}`)
  return outcome.value
}

/** A one-time code for a person, as the console hands it out. */
export const codeFor = async (lobby: Lobby, person: string, purpose: 'device' | 'sign-in'): Promise<string> =>
  must(await invite(lobby.desk, { person, purpose, by: 'p-ben', correlation: 'test' })).code

/** A device of this person, enrolled through the door. */
export async function enrolledDevice(lobby: Lobby, person: string): Promise<TestDevice & { readonly id: string }> {
  const device = newDevice(lobby)
  const answer = await device.enrol(await codeFor(lobby, person, 'device'))
  if (answer.statusCode !== 201) throw new Error(answer.body)
  return { ...device, id: answer.json<{ readonly device: string }>().device }
}

/** The person, invited, with a passphrase, signed in this moment. */
export async function signedIn(lobby: Lobby, person: string): Promise<SignedIn> {
  must(await setPassphrase(lobby.desk, { code: await codeFor(lobby, person, 'sign-in'), passphrase: PASSPHRASE, correlation: 'test' }))
  const { cookie } = must(await signIn(lobby.desk, { person, passphrase: PASSPHRASE, correlation: 'test' }))
  return must(await whoIs(lobby.desk, cookie))
}

/** A person who has the passphrase signs in. */
export const cookieOf = async (lobby: Lobby, person: string) => must(await signIn(lobby.desk, { person, passphrase: PASSPHRASE, correlation: 'test' }))

export type Requested = { readonly device_code: string; readonly user_code: string; readonly interval: number }
export type Opened = {
  readonly access_token: string
  readonly refresh_token: string
  readonly session: string
  readonly expires_in: number
  readonly session_expires_in: number
}

export async function request(device: TestDevice): Promise<Requested> {
  const answer = await device.form('/oauth/device_authorization', {
    ...CLIENT,
    agent_name: 'claude-desktop',
    agent_version: '1.4.0',
    posture: JSON.stringify(POSTURE),
  })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

export const poll = (device: TestDevice, { device_code }: Requested) =>
  device.form('/oauth/token', { ...CLIENT, grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code })

export const renew = (device: TestDevice, { refresh_token }: Opened) => device.form('/oauth/token', { ...CLIENT, grant_type: 'refresh_token', refresh_token })

export const revoke = (device: TestDevice, token: string) => device.form('/oauth/revoke', { ...CLIENT, token })

/** A session of this device, asked for, granted by its person and opened, all through the door. */
export async function openedSession(lobby: Lobby, device: TestDevice, who: SignedIn, useCase = 'inquiries'): Promise<Opened> {
  const requested = await request(device)
  must(await decideSession(lobby.admission, who, { userCode: requested.user_code, useCase, correlation: 'test' }))
  const answer = await poll(device, requested)
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}
