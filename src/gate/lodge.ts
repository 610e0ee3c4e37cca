import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Caller } from '../identity/authenticate.ts'
import type { Entry } from '../journal/entry.ts'
import type { GrantChange } from '../model/grant.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import type { Gate, Knock } from './gate.ts'
import { type Acknowledged, type Answer, acknowledge } from './release.ts'
import { turnBack } from './turn-back.ts'

/** What is to wait for a person: the entry that tells of it and what that grants, how it is kept, and what its agent is told. */
export type Lodged = {
  readonly entry: Entry
  readonly grants: readonly GrantChange[]
  readonly keep: () => Promise<Outcome<null, Refusal>>
  readonly told: Acknowledged
}

/** The end that `propose` and `prepare` share: recorded, looked at for revocation once more, kept, acknowledged. */
export async function lodge(gate: Gate, knock: Knock, caller: Caller, { entry, grants, keep, told }: Lodged): Promise<Outcome<Answer, Refusal>> {
  const receipt = await (grants.length > 0 ? gate.grant(entry, grants) : gate.record(entry))
  if (!receipt.ok) return receipt

  if (gate.isRevoked(caller.session.id)) return refuse(refusal('session_revoked', 'the session was revoked while the ask was under way'))

  const kept = await keep()
  if (!kept.ok) return turnBack(gate, knock, caller, kept.refusal)

  return done(acknowledge(told, receipt.value))
}
