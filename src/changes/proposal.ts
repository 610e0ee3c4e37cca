import { toBase64url } from '../base/bytes.ts'
import { canonical } from '../base/canonical.ts'
import { sha256 } from '../base/digest.ts'
import type { Grant } from '../model/grant.ts'
import type { Change } from './change.ts'

/** A proposal nobody decided within a year counts no more. */
const PROPOSAL_DAYS = 365

/**
 * What an agent proposed, whatever before-image it has come to since: its whole change without that and its version. The gate signs it in the entry that
 * proposes it, so that nobody else can put a change before an approver, or give it another proposer.
 */
export function proposalGrant(change: Change): Grant {
  const { state: _s, decidedBy: _b, decidedAt: _a, decisionReason: _r, outcome: _o, before: _i, version: _v, ...proposed } = change
  const digest = toBase64url(sha256(canonical(proposed)))
  return { subject: `change:${change.id}`, state: { proposed: digest }, until: change.proposedAt + PROPOSAL_DAYS * 86_400_000, open: true }
}
