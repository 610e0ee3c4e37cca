import type { Outcome } from '../base/outcome.ts'
import type { Reserved } from '../limits/reserve.ts'
import type { Refusal } from '../model/refusal.ts'
import { type Gate, type Knock, parse } from './gate.ts'
import { turnBack } from './turn-back.ts'

/**
 * The opening that `propose` and `prepare` share, step by step as in `mediate`: who asks, what, by which rule, within which limits.
 * What comes back is paid for, and names its caller and permit; the source has not been asked. A refusal is recorded already.
 */
export async function approach(gate: Gate, knock: Knock): Promise<Outcome<Reserved, Refusal>> {
  const caller = await knock.authenticate()
  if (!caller.ok) return turnBack(gate, knock, null, caller.refusal)

  const ask = parse(gate, knock, caller.value)
  if (!ask.ok) return turnBack(gate, knock, caller.value, ask.refusal)

  const now = gate.clock()
  const permit = gate.authorise(caller.value, ask.value, gate.localTime(now))
  if (!permit.ok) return turnBack(gate, knock, caller.value, permit.refusal, ask.value)

  const reserved = gate.reserve(permit.value, now)
  return reserved.ok ? reserved : turnBack(gate, knock, caller.value, reserved.refusal, ask.value)
}
