import type { Outcome } from '../base/outcome.ts'
import type { Refusal } from '../model/refusal.ts'
import type { Gate, Knock } from './gate.ts'
import { mediate } from './mediate.ts'
import { prepare } from './prepare.ts'
import { propose } from './propose.ts'
import type { Answer } from './release.ts'

/** Takes an ask the way its operation goes. One that does not exist goes the way of a read, and is turned back there. */
export function answer(gate: Gate, knock: Knock): Promise<Outcome<Answer, Refusal>> {
  const operation = Object.hasOwn(gate.catalogue.operations, knock.operation) ? gate.catalogue.operations[knock.operation] : undefined
  switch (operation?.kind) {
    case 'propose':
      return propose(gate, knock)
    case 'draft':
      return prepare(gate, knock)
    default:
      return mediate(gate, knock)
  }
}
