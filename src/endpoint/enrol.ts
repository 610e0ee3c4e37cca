import type { Clock, Random } from '../base/clock.ts'
import { Enrolled } from '../contract/connector.ts'
import { Fault } from '../model/fault.ts'
import { type Device, enrolmentMark, keepDevice } from './device.ts'
import { openGateClient } from './gate-client.ts'
import { parseCode, parseGateUrl } from './gate-url.ts'
import { makeHome } from './home.ts'
import { type DeviceKey, keepKey, makeKey } from './key-store.ts'
import { parsed } from './session-calls.ts'
import type { Setback } from './setback.ts'

export type EnrolGiven = {
  readonly gate: string
  readonly code: string
  /** What the console calls this device. */
  readonly name: string
  readonly home: string
  /** Puts the new enrolment in the place of one that is there. */
  readonly replace: boolean
  readonly clock: Clock
  readonly random: Random
}

/**
 * Makes a key, proves it to the gate with the one-time code, and keeps key and device. Faults: a bad address or code, already
 * enrolled, the gate cannot be reached or says no; then nothing is kept, and what was there stays.
 */
export async function enrol(given: EnrolGiven): Promise<Device> {
  const gate = parseGateUrl(given.gate)
  const { code, pin } = parseCode(given.code)
  if (pin !== undefined && !gate.startsWith('https:'))
    throw new Fault('config_invalid', 'the code pins a certificate, but the address is plain http', 'give the https:// address of the gate')
  makeHome(given.home)
  if (!given.replace && enrolmentMark(given.home) !== null)
    throw new Fault('config_invalid', `a device is already enrolled in \`${given.home}\``, 'add --replace to enrol anew, or --home FOLDER for a second device')

  const key = makeKey()
  const client = openGateClient({ gate, pin, key, clock: given.clock, random: given.random })
  const json = { code, jwk: key.publicJwk, name: given.name.slice(0, 100), platform: process.platform }
  const answer = parsed(Enrolled, await client.ask({ method: 'POST', path: '/enrol', json }))
  await client.close()
  if (!answer.ok) throw faultOf(answer.refusal, gate)
  return keep(given.home, key, { ...answer.value, jkt: key.jkt, ...(pin === undefined ? {} : { pin }) }, gate)
}

function keep(home: string, key: DeviceKey, device: Device, gate: string): Device {
  // Else every later proof would be for another address than the gate's own.
  if (new URL(device.gate).origin !== gate)
    throw new Fault('gate_refused', `the gate calls itself \`${device.gate}\``, 'get a new code, and enrol with --gate and that address')
  const kept = { ...device, gate }
  keepKey(home, key)
  keepDevice(home, kept)
  return kept
}

function faultOf(setback: Setback, gate: string): Fault {
  switch (setback.kind) {
    case 'unreachable':
      return new Fault('gate_unreachable', `${setback.detail} at \`${gate}\``, setback.next)
    case 'garbled':
      return new Fault('gate_refused', `what answers at \`${gate}\` is not a gate: ${setback.detail}`, 'check the address')
    case 'refused':
      return new Fault(
        'gate_refused',
        `${setback.refused.detail} (${setback.refused.code}, correlation id ${setback.refused.correlationId})`,
        setback.refused.next,
      )
  }
}
