import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Change } from '../changes/change.ts'
import type { ChangeStore } from '../changes/change-store.ts'
import { decisionText } from '../changes/decision.ts'
import { proposalGrant } from '../changes/proposal.ts'
import { transition } from '../changes/transition.ts'
import { type Authority, isBelieved } from '../identity/authority.ts'
import type { Record } from '../journal/record.ts'
import type { Tokens } from '../mask/token.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { REASON } from './propose.ts'

export type Approving = {
  readonly changes: ChangeStore
  /** Whether a person may decide changes of a use case. */
  readonly isApprover: (person: string, useCase: string) => Promise<boolean>
  readonly isRevoked: (session: string) => boolean
  /** As the gate's: no approval counts that nobody outside could see. */
  readonly mayWrite: () => Outcome<null, Refusal>
  /** The gate's own signature over a decision taken at its console, for the applier to verify. */
  readonly sign: (text: string) => string
  readonly authority: Authority
  readonly tokensOf: (session: string) => Tokens
  readonly record: Record
  readonly clock: () => number
}

/** What a person decided at the console, about the change they saw: `seen` is its digest. */
export type Verdict = {
  readonly change: string
  readonly seen: string
  readonly decision: 'approve' | 'reject'
  readonly reason: string
  readonly by: string
  readonly correlation: string
}

/**
 * One person's decision on one version of one change. Journalled before it counts, and kept only if nobody decided in
 * between. Refuses `not_found`, `authority_mismatch` (no agent proposed this very change), `not_approver`, `own_change`, `change_moved`, `change_not_waiting`, `session_revoked`, and for an approval `journal_unwitnessed`.
 */
export async function approve(approving: Approving, verdict: Verdict): Promise<Outcome<Change, Refusal>> {
  const change = await approving.changes.find(verdict.change)
  const no = async (said: Refusal): Promise<Outcome<never, Refusal>> => {
    const receipt = await approving.record({
      kind: 'change.refused',
      outcome: said.code,
      person: verdict.by,
      correlation: verdict.correlation,
      detail: change ? { change: change.id } : {},
    })
    return refuse(receipt.ok ? said : receipt.refusal)
  }
  if (!change) return no(refusal('not_found', 'there is no such change'))
  if (change.person === verdict.by) return no(refusal('own_change', 'the change was proposed by your own agent'))
  if (!(await approving.isApprover(verdict.by, change.useCase)))
    return no(refusal('not_approver', `you do not decide changes of use case \`${change.useCase}\``))
  // A row that somebody put there, or altered: what the approver would sign for was never proposed, or not by that person's agent. Rejecting is free.
  const isProposed = verdict.decision === 'reject' ? done(true) : await isBelieved(approving.authority, [proposalGrant(change)])
  if (!isProposed.ok) return no(isProposed.refusal)
  if (!isProposed.value) return no(await approving.authority.refuse({ subject: proposalGrant(change).subject, session: change.session, person: change.person }))
  // What is left of a revoked session (stale, when it was being applied at that moment) may still be rejected: otherwise it would wait for ever.
  if (verdict.decision === 'approve' && approving.isRevoked(change.session)) return no(refusal('session_revoked', 'the session that proposed it was revoked'))

  const may = approving.mayWrite()
  if (verdict.decision === 'approve' && !may.ok) return no(may.refusal)

  const { by, decision, seen } = verdict
  const reason = approving.tokensOf(change.session).seal(REASON, verdict.reason)
  const decided = transition(change, { event: 'decide', decision, by, reason, seen, at: approving.clock() })
  if (!decided.ok) return no(decided.refusal)

  const receipt = await approving.record({
    kind: 'change.decided',
    outcome: 'done',
    person: by,
    session: change.session,
    operation: change.operation,
    correlation: verdict.correlation,
    digest: seen,
    detail: {
      change: change.id,
      version: change.version,
      decision,
      reason,
      account: change.account,
      proposer: change.person,
      signature: approving.sign(decisionText({ digest: seen, decision, by })),
    },
  })
  if (!receipt.ok) return receipt

  const won = await approving.changes.move(decided.value, change.state, change.version)
  return won ? done(decided.value) : no(refusal('change_not_waiting', 'somebody else decided it in the meantime'))
}
