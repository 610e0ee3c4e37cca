import { toBase64url } from '../base/bytes.ts'
import { canonical } from '../base/canonical.ts'
import { sha256 } from '../base/digest.ts'
import type { ChangeState } from '../model/change-state.ts'
import type { Scalar } from '../model/row.ts'

/** Field values of a record, open ones only. */
export type Image = Readonly<Record<string, Scalar>>

/** A proposed write, as an approver sees it and the applier does it. Everything but the last five is under the digest. */
export type Change = {
  readonly id: string
  readonly session: string
  readonly person: string
  readonly useCase: string
  readonly operation: string
  readonly system: string
  readonly resource: string
  readonly key: string
  readonly account: string
  readonly before: Image
  readonly after: Image
  /** The agent's words, sealed under its session's key: they may name people. */
  readonly reason: string
  readonly reversibility: 'reversible' | 'compensable' | 'final'
  /** Rises with each new before-image: an approval is for one version. */
  readonly version: number
  readonly proposedAt: number
  /** Random, and kept sealed like what it is under the digest with: of the digest alone the change cannot be guessed. */
  readonly salt?: string
  readonly state: ChangeState
  readonly decidedBy: string | null
  readonly decidedAt: number | null
  readonly decisionReason: string | null
  readonly outcome: string | null
}

/** What an approval is for: base64url SHA-256 of the exact change at this version. One letter more, and it is another. */
export function changeDigest(change: Change): string {
  const { state: _s, decidedBy: _b, decidedAt: _a, decisionReason: _r, outcome: _o, ...stands } = change
  return toBase64url(sha256(canonical(stands)))
}

/** Whether a record still is as the change found it. */
export const sameImage = (expected: Image, found: Image): boolean =>
  Object.entries(expected).every(([field, value]) => Object.hasOwn(found, field) && found[field] === value)
