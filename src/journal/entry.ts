import type { Json } from '../base/canonical.ts'
import type { RefusalCode } from '../model/refusal.ts'

/** What can happen in the house. A kind is never renamed: old entries keep theirs. */
export const ENTRY_KINDS = [
  'house.started',
  'house.stopped',
  'house.heartbeat',
  'house.configured',
  'person.assigned',
  'person.invited',
  'person.passphrase_set',
  'person.signed_in',
  'person.sign_in_refused',
  'person.confirmed',
  'person.signed_out',
  'device.invited',
  'device.enrolled',
  'device.enrol_refused',
  'device.revoked',
  'session.requested',
  'session.decided',
  'session.admitted',
  'session.renewed',
  'session.refused',
  'session.revoked',
  'ask.answered',
  'ask.refused',
  'sources.capped',
  'change.proposed',
  'change.decided',
  'change.applying',
  'change.applied',
  'change.stale',
  'change.failed',
  'change.unknown_outcome',
  'change.voided',
  'change.refused',
  'draft.prepared',
  'draft.shown',
  'draft.refused',
  'access.requested',
  'access.answered',
  'console.refused',
  'journal.exported',
  'journal.erasing',
  'journal.erased',
  'journal.held',
  'journal.released',
  'journal.pruned',
  'journal.rekeyed',
  'finding.authority_mismatch',
  'finding.witness_refused',
] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

/** One event. Who and what by identifier; values only as keyed digests, tokens or open fields, never a personal value in clear. */
export type Entry = {
  readonly kind: EntryKind
  readonly outcome: 'done' | RefusalCode
  readonly correlation?: string
  readonly session?: string
  readonly person?: string
  readonly device?: string
  readonly operation?: string
  /** Digest of what is released by this entry, base64url, when something is. */
  readonly digest?: string
  readonly detail?: { readonly [name: string]: Json }
}
