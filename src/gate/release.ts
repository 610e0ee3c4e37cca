import { type Brand, mint } from '../base/brand.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Receipt } from '../journal/record.ts'
import type { Disclosable } from '../limits/disclose.ts'
import type { CoveredRow } from '../mask/cover.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import type { Gate } from './gate.ts'

/** What may leave the house, with the entry that proves it. */
export type Answer = Brand<
  {
    readonly rows: readonly CoveredRow[]
    readonly covered: Readonly<Record<string, 'token' | 'partial' | 'redact'>>
    readonly next: string | null
    /** `leaf`: the entry's leaf hash (RFC 6962), base64; with the receipt of that index it proves that the entry stands in the journal. */
    readonly entry: { readonly index: number; readonly digest: string; readonly leaf: string }
  },
  'Answer'
>

/**
 * The last door. INVARIANT: the receipt is for these very rows; a mismatch is our bug, so it throws. A session revoked
 * while its ask was under way gets nothing, though the entry says answered: it is followed by the revocation's own.
 */
export function release(gate: Pick<Gate, 'isRevoked'>, { covered, digest }: Disclosable, receipt: Receipt): Outcome<Answer, Refusal> {
  if (receipt.digest !== digest) throw new Error('the receipt is for other rows')
  if (gate.isRevoked(covered.permit.caller.session.id)) return refuse(refusal('session_revoked', 'the session was revoked while the ask was under way'))
  const hidden: Record<string, 'token' | 'partial' | 'redact'> = {}
  for (const [name, how] of Object.entries(covered.permit.covers)) if (how !== 'clear') hidden[name] = how
  return done(mint<Answer>({ rows: covered.rows, covered: hidden, next: covered.next, entry: { index: receipt.index, digest, leaf: receipt.leaf } }))
}

/** What an agent is told of what it proposed or prepared: its identifier, and for whom it waits. */
export type Acknowledged = { readonly id: string; readonly state: string; readonly waitsFor: string }

/** The answer to a write: what now waits for a person, and the entry that says so. */
export function acknowledge(told: Acknowledged, receipt: Receipt): Answer {
  if (receipt.digest === null) throw new Error('an acknowledged entry has a digest')
  return mint<Answer>({ rows: [told], covered: {}, next: null, entry: { index: receipt.index, digest: receipt.digest, leaf: receipt.leaf } })
}
