import type { Clock, Random } from '../base/clock.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { AnswerBody } from '../contract/connector.ts'
import { Fault } from '../model/fault.ts'
import { type Device, enrolmentMark, loadDevice } from './device.ts'
import { type GateClient, openGateClient } from './gate-client.ts'
import { type Offers, openOffers } from './offers.ts'
import { readPosture } from './posture.ts'
import { type NoSession, openSessions, type Sessions } from './session.ts'
import { type AgentProgram, parsed } from './session-calls.ts'

/** An enrolled device at work: its session, what it is offered, and the way to ask. */
export type Desk = {
  readonly device: Device
  readonly sessions: Sessions
  readonly offers: Offers
  /** Asks for one operation. The gate judges name and arguments, so that a wrong ask is journalled like any other. */
  readonly call: (
    operation: string,
    input: Readonly<Record<string, unknown>>,
    agent: AgentProgram,
  ) => Promise<Outcome<Readonly<Record<string, unknown>>, NoSession>>
  readonly close: () => Promise<void>
}

export type DeskGiven = {
  readonly home: string
  readonly clock: Clock
  readonly random: Random
  /** The list of operations is another than before. */
  readonly changed: () => void
  readonly log: (line: string) => void
}

/** The desk of the device enrolled in this folder. Refuses with the fault to tell: not enrolled, or its files are broken or open to others. */
function openDesk(given: DeskGiven): Outcome<Desk, Fault> {
  try {
    const found = loadDevice(given.home)
    if (found === null) return refuse(new Fault('not_enrolled', 'this device is not enrolled', `the person runs in a terminal: ${enrolLine(given.home)}`))
    const { device, key } = found
    const gate = openGateClient({ gate: device.gate, pin: device.pin, key, clock: given.clock, random: given.random })
    // A session may be offered other operations than the device alone.
    const changed = () => void (sessions.state().phase === 'pending' || offers.refresh())
    const sessions: Sessions = openSessions({ gate, clientId: device.device, posture: readPosture, clock: given.clock, changed })
    const offers = openOffers({ ...given, gate, gateUrl: device.gate, sessions })
    const close = () => (sessions.stop(), gate.close())
    return done({ device, sessions, offers, close, call: (operation, input, agent) => call(gate, sessions, operation, input, agent) })
  } catch (error) {
    if (error instanceof Fault) return refuse(error)
    throw error
  }
}

const enrolLine = (home: string): string => `gatehouse enrol --gate URL --code CODE --home '${home}'`

/** One desk for as long as the enrolment stays the same: a device enrolled, or enrolled anew, while the client runs is picked up. */
export function deskKeeper(given: DeskGiven): { readonly desk: () => Outcome<Desk, Fault>; readonly close: () => Promise<void> } {
  let mark: string | null = null
  let current: Outcome<Desk, Fault> | undefined
  const close = async () => (current?.ok === true ? await current.value.close() : undefined)
  return {
    close,
    desk: () => {
      const found = enrolmentMark(given.home)
      // A fault is looked at again each time: the person may have mended it.
      if (current?.ok === true && found === mark) return current
      void close()
      mark = found
      current = openDesk(given)
      return current
    },
  }
}

async function call(
  gate: GateClient,
  sessions: Sessions,
  operation: string,
  input: Readonly<Record<string, unknown>>,
  agent: AgentProgram,
): Promise<Outcome<Readonly<Record<string, unknown>>, NoSession>> {
  for (let last = false; ; last = true) {
    const token = await sessions.token(agent)
    if (!token.ok) return token
    const answer = await gate.ask({ method: 'POST', path: `/v1/operations/${encodeURIComponent(operation)}`, json: input, accessToken: token.value })
    // The answer goes on whole: its fields beyond the contract's are those its output schema names.
    if (answer.ok) return withAnswer(answer.value)
    if (last || answer.refusal.kind !== 'refused' || !isOfToken(answer.refusal.refused.code)) return answer
    // Nothing was done: the gate looks at the token before the ask.
    sessions.turnedBack(token.value, answer.refusal.refused.code, answer.refusal.refused.detail)
  }
}

function withAnswer(body: unknown): Outcome<Readonly<Record<string, unknown>>, NoSession> {
  const checked = parsed(AnswerBody, done(body))
  return checked.ok ? done(body as Readonly<Record<string, unknown>>) : checked
}

/** The gate does not take this token any more, whatever the ask. */
const isOfToken = (code: string): boolean => code.startsWith('token_') || code.startsWith('session_') || code.startsWith('device_')
