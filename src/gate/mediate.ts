import type { Outcome } from '../base/outcome.ts'
import { cover } from '../mask/cover.ts'
import type { Refusal } from '../model/refusal.ts'
import { answered } from './entries.ts'
import { type Gate, type Knock, parse } from './gate.ts'
import { type Answer, release } from './release.ts'
import { turnBack } from './turn-back.ts'

/** The whole life of one ask, in the order it happens. Each step goes on or turns back; leaving one out does not compile. */
export async function mediate(gate: Gate, knock: Knock): Promise<Outcome<Answer, Refusal>> {
  const caller = await knock.authenticate()
  if (!caller.ok) return turnBack(gate, knock, null, caller.refusal)

  const ask = parse(gate, knock, caller.value)
  if (!ask.ok) return turnBack(gate, knock, caller.value, ask.refusal)

  const now = gate.clock()
  const permit = gate.authorise(caller.value, ask.value, gate.localTime(now))
  if (!permit.ok) return turnBack(gate, knock, caller.value, permit.refusal, ask.value)

  const reserved = gate.reserve(permit.value, now)
  if (!reserved.ok) return turnBack(gate, knock, caller.value, reserved.refusal, ask.value)

  const fetched = await gate.fetch(reserved.value)
  if (!fetched.ok) return turnBack(gate, knock, caller.value, fetched.refusal, ask.value)

  const covered = cover(fetched.value, gate.tokensOf(caller.value.session.id))

  const disclosable = await gate.disclose(covered)
  if (!disclosable.ok) return turnBack(gate, knock, caller.value, disclosable.refusal, ask.value)

  const receipt = await gate.record(answered(knock, disclosable.value))
  if (!receipt.ok) return receipt

  return release(gate, disclosable.value, receipt.value)
}
