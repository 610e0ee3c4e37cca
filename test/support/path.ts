import { expect } from 'vitest'
import type { Outcome } from '../../src/base/outcome.ts'
import type { Answer } from '../../src/gate/release.ts'
import type { Recorded } from '../../src/journal/recorded.ts'
import type { Session } from '../../src/model/principal.ts'
import type { Refusal } from '../../src/model/refusal.ts'
import type { HeldSession } from './caller.ts'
import type { TestGate } from './gate.ts'
import { CANARY } from './small-tms.ts'

/** One ask of a session, in: what came out, and what it left in the journal. */
export type Passage = { readonly held: HeldSession; readonly outcome: Outcome<Answer, Refusal>; readonly entries: readonly Recorded[] }

/** Asks, as a session of its own unless one is given, and checks what holds of every ask: one entry of it, and nothing that no policy shows in answer or entry. */
async function pass(here: TestGate, operation: string, input: Record<string, unknown>, by: Partial<Session> | HeldSession = {}): Promise<Passage> {
  const held = 'authenticate' in by ? by : await here.session(by)
  const from = (await here.entries()).length
  const outcome = await here.ask(held, operation, input)
  const entries = await here.entries(from)
  expect(entries).toMatchObject([{ outcome: outcome.ok ? 'done' : outcome.refusal.code, session: held.session.id, person: held.session.person, operation }])
  expect(JSON.stringify([outcome, entries])).not.toMatch(CANARY)
  return { held, outcome, entries }
}

/** The answer of an ask that is answered, checked against its entry. */
export async function answered(here: TestGate, operation: string, input: Record<string, unknown>, by: Partial<Session> | HeldSession = {}) {
  const { held, outcome, entries } = await pass(here, operation, input, by)
  if (!outcome.ok) throw new Error(`${outcome.refusal.code}: ${outcome.refusal.detail}`)
  const [entry] = entries
  expect(entry?.digest).toBe(outcome.value.entry.digest)
  return { held, answer: outcome.value, entry }
}

/** The refusal of an ask that is refused. */
export async function refused(here: TestGate, operation: string, input: Record<string, unknown>, by: Partial<Session> | HeldSession = {}): Promise<Refusal> {
  const { outcome } = await pass(here, operation, input, by)
  if (outcome.ok) throw new Error('answered')
  return outcome.refusal
}
