import { type EntryOf, type Form, SEVERITY } from './form.ts'
import { text } from './place.ts'

/** What was done with the journal itself: which entries, on whose word and why. `to` is exclusive. */
export type LogOperation = {
  readonly from?: number
  readonly to?: number
  /** Authority and legal basis, the case, or what came of a verification. */
  readonly why?: string
  /** The subject's pseudonym, where one subject's keys were destroyed. */
  readonly subject?: string
  /** What was handed out, by name and digest (SHA-256, hexadecimal). */
  readonly file?: string
  readonly sha256?: string
}
export type LogOperationKind =
  | 'journal.exported'
  | 'journal.verified'
  | 'journal.erasing'
  | 'journal.erased'
  | 'journal.held'
  | 'journal.released'
  | 'journal.pruned'
  | 'journal.rekeyed'

/** The entry of an operation on the journal, ready to be recorded once its kind is one of the journal's. */
export const logOperationEntry = <Kind extends LogOperationKind>(kind: Kind, person: string, what: LogOperation): EntryOf<Kind> => ({
  kind,
  outcome: 'done',
  person,
  detail: what,
})

const form = (activity: number, severity: number, name?: string): Form => ({
  class: 1008,
  activity,
  severity,
  fixed: { log_name: 'journal', log_type_id: 2, ...(name === undefined ? {} : { activity_name: name }) },
  fields: { person: text('actor.user.uid') },
  detail: {
    why: text('status_detail'),
    file: text('file.name', { 'file.type_id': 1 }),
    // Its digest stays under `unmapped`: OCSF has no file without a name.
  },
})

/** Of the keys: of one subject, by pseudonym, or of all. Authority and legal basis are sealed. */
const keeping = (severity: number, name: string): Form => ({ ...form(99, severity, name), detail: {} })

/** Pruning moves entries to cold storage: to a SIEM it is `Archive`. Verifying, erasing, holding and rekeying have no number of their own there. */
export const LOG_OPERATION_FORMS: { readonly [K in LogOperationKind]: Form } = {
  'journal.exported': form(3, SEVERITY.medium),
  'journal.verified': form(99, SEVERITY.informational, 'Verify'),
  'journal.erasing': keeping(SEVERITY.high, 'Begin to erase'),
  'journal.erased': keeping(SEVERITY.high, 'Erase'),
  'journal.held': keeping(SEVERITY.medium, 'Hold'),
  'journal.released': keeping(SEVERITY.medium, 'Release'),
  'journal.pruned': form(4, SEVERITY.low),
  'journal.rekeyed': keeping(SEVERITY.high, 'Rekey'),
}
