import type { Entry, EntryKind } from '../journal/entry.ts'
import type { Fixture, Place } from './place.ts'

/** OCSF 1.8.0 classes the house speaks, by their `class_uid`; the thousands are the category. */
export const CLASSES = {
  1001: 'File System Activity',
  1008: 'Event Log Activity',
  2004: 'Detection Finding',
  3001: 'Account Change',
  3002: 'Authentication',
  3003: 'Authorize Session',
  3004: 'Entity Management',
  3005: 'User Access Management',
  4001: 'Network Activity',
  4002: 'HTTP Activity',
  5019: 'Device Config State Change',
  6002: 'Application Lifecycle',
  6003: 'API Activity',
} as const
export type ClassUid = keyof typeof CLASSES

/** `severity_id` of OCSF. */
export const SEVERITY = { informational: 1, low: 2, medium: 3, high: 4, critical: 5 } as const

/** `status_id` of OCSF. */
export const STATUS = { unknown: 0, success: 1, failure: 2 } as const

/** Entries of any set of kinds: those of the journal, or those a room is yet to emit. */
export type EntryOf<Kind extends string> = Omit<Entry, 'kind'> & { readonly kind: Kind }

/** The members of an entry that a form may give a place, beside those that stand in every event alike. */
export const FIELDS = ['session', 'person', 'device', 'operation', 'digest'] as const
export type Field = (typeof FIELDS)[number]

/**
 * The OCSF form of one kind of entry.
 *
 * INVARIANT: the form of a kind that was ever written is frozen, for `fromEvent` believes an event only when this form gives it back byte for
 * byte. A better form is a new `FORMAT` beside the old one.
 */
export type Form = {
  readonly class: ClassUid
  readonly activity: number
  /** Of what was done; a refusal weighs `low` at least. */
  readonly severity: number
  /** What 'done' comes to, where recording it is not success. */
  readonly status?: number
  readonly profiles?: readonly string[]
  readonly fixed?: Fixture
  readonly fields: { readonly [F in Field]?: Place }
  readonly detail?: { readonly [name: string]: Place }
  /** What stands elsewhere too, in the place a SIEM looks for it. Nothing is read back from there. */
  readonly copies?: (entry: EntryOf<string>) => Fixture
  /** What OCSF requires, where the entry knows nothing of it. A value that happens to be the same stays under `unmapped`. */
  readonly otherwise?: Fixture
}
export type Forms<Kind extends string> = { readonly [K in Kind]: Form }
export type JournalForms = Forms<EntryKind>
