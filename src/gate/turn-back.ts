import { type Outcome, refuse } from '../base/outcome.ts'
import type { Ask } from '../catalogue/ask.ts'
import type { Caller } from '../identity/authenticate.ts'
import type { Refusal } from '../model/refusal.ts'
import { refused } from './entries.ts'
import type { Gate, Knock } from './gate.ts'

/** A refusal is recorded like an answer, with what was asked once that was understood. If even that fails, the caller learns only that the journal is down. */
export async function turnBack(
  gate: Pick<Gate, 'record' | 'catalogue'>,
  knock: Knock,
  caller: Caller | null,
  refusal: Refusal,
  ask?: Ask,
): Promise<Outcome<never, Refusal>> {
  const receipt = await gate.record(refused(gate.catalogue, knock, caller, refusal, ask))
  return refuse(receipt.ok ? refusal : receipt.refusal)
}
