import type { z } from 'zod'
import type { Clock } from '../base/clock.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { DeclaredPosture } from '../contract/connector.ts'
import type { GateClient } from './gate-client.ts'
import { type AgentProgram, pollSession, renewSession, requestSession } from './session-calls.ts'
import { judgeOpen, type Open, openFrom, type Pending, pendingFrom, type SessionState } from './session-state.ts'
import { isPassing, type Setback } from './setback.ts'

/** `sign-in`: a person must follow the link first. `not-granted`: they, or the gate, just said no, and why. */
export type NoSession = { readonly kind: 'sign-in'; readonly pending: Pending } | { readonly kind: 'not-granted'; readonly why: string } | Setback

export type Sessions = {
  readonly state: () => SessionState
  /**
   * A token good for now; renewed within the session when under a minute is left. Without a session it asks the gate for one, once
   * for all who call, and waits a moment for the person; it never opens one without them.
   */
  readonly token: (agent: AgentProgram) => Promise<Outcome<string, NoSession>>
  /** The gate turned this token back. `token_expired` renews at the next call; any other code ends the session here. */
  readonly turnedBack: (token: string, code: string, why: string) => void
  /** Stops asking. The session itself stays: ending it would void changes that still wait for approval. */
  readonly stop: () => void
}

type Given = {
  readonly gate: GateClient
  /** The device's id: the gate knows the client by it. */
  readonly clientId: string
  readonly posture: () => Promise<z.infer<typeof DeclaredPosture>>
  readonly clock: Clock
  /** Called after each change of phase. */
  readonly changed: () => void
}

/** What moves. A session is asked for and renewed once at a time, however many calls wait for it. */
type Life = {
  readonly given: Given
  state: SessionState
  asking: Promise<Outcome<Pending, Setback>> | undefined
  renewing: Promise<Outcome<string, Setback> | null> | undefined
  poll: NodeJS.Timeout | undefined
  waiting: readonly (() => void)[]
}

const WAIT_FOR_PERSON_MS = 2_000
/** RFC 8628 §3.5: what `slow_down` adds. */
const SLOW_DOWN_SECONDS = 5

export function openSessions(given: Given): Sessions {
  const life: Life = { given, state: { phase: 'none' }, asking: undefined, renewing: undefined, poll: undefined, waiting: [] }
  return {
    state: () => life.state,
    token: (agent) => token(life, agent),
    turnedBack: (turned, code, why) => turnedBack(life, turned, code, why),
    stop: () => clearTimeout(life.poll),
  }
}

async function token(life: Life, agent: AgentProgram): Promise<Outcome<string, NoSession>> {
  if (life.state.phase === 'open') {
    const current = await tokenOf(life, life.state)
    if (current !== null) return current
  }
  const pending = await pendingRequest(life, agent)
  if (!pending.ok) return pending
  await personDecides(life)
  const now = life.state
  if (now.phase === 'open') return done(now.accessToken)
  return now.phase === 'ended' ? refuse({ kind: 'not-granted', why: now.why }) : refuse({ kind: 'sign-in', pending: pending.value })
}

/** Null: the session is over, and the state says why. */
async function tokenOf(life: Life, open: Open): Promise<Outcome<string, Setback> | null> {
  switch (judgeOpen(open, life.given.clock())) {
    case 'good':
      return done(open.accessToken)
    case 'renew':
      return await (life.renewing ??= renew(life, open).finally(() => (life.renewing = undefined)))
    case 'over':
      become(life, { phase: 'ended', why: 'the session reached its end' })
      return null
  }
}

async function renew(life: Life, open: Open): Promise<Outcome<string, Setback> | null> {
  const { gate, clientId, clock } = life.given
  const answer = await renewSession(gate, clientId, open.refreshToken)
  // Turned back meanwhile by another call: that word is newer than this answer.
  if (life.state.phase !== 'open') return null
  if (answer.ok) {
    const next = openFrom(answer.value, clock())
    become(life, next)
    return done(next.accessToken)
  }
  if (isPassing(answer.refusal)) return life.state.accessEndsAt > clock() ? done(life.state.accessToken) : answer
  become(life, { phase: 'ended', why: whyOf(answer.refusal) })
  return null
}

async function pendingRequest(life: Life, agent: AgentProgram): Promise<Outcome<Pending, Setback>> {
  if (life.state.phase === 'pending' && life.state.expiresAt > life.given.clock()) return done(life.state)
  return await (life.asking ??= ask(life, agent).finally(() => (life.asking = undefined)))
}

async function ask(life: Life, agent: AgentProgram): Promise<Outcome<Pending, Setback>> {
  const { gate, clientId, posture, clock } = life.given
  const answer = await requestSession(gate, { clientId, agent, posture: await posture() })
  if (!answer.ok) return answer
  const pending = pendingFrom(answer.value, life.state, clock())
  become(life, pending)
  pollLater(life, pending, pending.interval)
  return done(pending)
}

/** Does not keep the process alive: when the client goes, so does the request. */
function pollLater(life: Life, pending: Pending, seconds: number): void {
  clearTimeout(life.poll)
  life.poll = setTimeout(() => void poll(life, pending, seconds), seconds * 1000).unref()
}

async function poll(life: Life, pending: Pending, seconds: number): Promise<void> {
  const { gate, clientId, clock } = life.given
  const answer = await pollSession(gate, clientId, pending.deviceCode)
  if (life.state !== pending) return
  if (answer.ok) return become(life, openFrom(answer.value, clock()))
  if (pending.expiresAt <= clock()) return become(life, { phase: 'ended', why: 'nobody followed the sign-in link in time' })
  const code = answer.refusal.kind === 'refused' ? answer.refusal.refused.code : null
  if (code === 'slow_down') return pollLater(life, pending, seconds + SLOW_DOWN_SECONDS)
  if (code === 'authorization_pending' || isPassing(answer.refusal)) return pollLater(life, pending, seconds)
  become(life, { phase: 'ended', why: whyOf(answer.refusal) })
}

/** Until the person has decided, but no longer than a call may hang. */
function personDecides(life: Life): Promise<void> {
  if (life.state.phase !== 'pending') return Promise.resolve()
  return new Promise((wake) => {
    const limit = setTimeout(wake, WAIT_FOR_PERSON_MS)
    life.waiting = [...life.waiting, () => (clearTimeout(limit), wake())]
  })
}

function turnedBack(life: Life, turned: string, code: string, why: string): void {
  const { state } = life
  // A token replaced meanwhile says nothing about the session that goes on.
  if (state.phase !== 'open' || state.accessToken !== turned) return
  become(life, code === 'token_expired' ? { ...state, accessEndsAt: 0 } : { phase: 'ended', why })
}

function become(life: Life, next: SessionState): void {
  const moved = next.phase !== life.state.phase
  life.state = next
  if (next.phase !== 'pending') {
    clearTimeout(life.poll)
    const woken = life.waiting
    life.waiting = []
    for (const wake of woken) wake()
  }
  if (moved) life.given.changed()
}

function whyOf(setback: Setback): string {
  if (setback.kind !== 'refused') return setback.detail
  const { detail, rule, requestAccess } = setback.refused
  return rule && requestAccess ? `${detail}: ${rule.reason}; at ${requestAccess} the person can ask ${rule.owner} for it` : detail
}
