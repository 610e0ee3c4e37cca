import { type EntryOf, type Form, SEVERITY } from './form.ts'
import { each, type Fixture, json, text, whole } from './place.ts'

/** What the watch noticed, and by which entries. Severity as OCSF writes it. `techniques`: of MITRE ATT&CK or ATLAS. */
export type Finding = {
  readonly finding: string
  readonly title: string
  readonly rule: string
  readonly ruleVersion: string
  readonly severity: 'Informational' | 'Low' | 'Medium' | 'High' | 'Critical'
  readonly techniques: readonly string[]
  /** Indices in the journal: the evidence. */
  readonly entries: readonly number[]
}
export type Concerned = { readonly person?: string; readonly session?: string; readonly device?: string; readonly correlation?: string }
export type FindingKind = 'finding.raised' | 'finding.closed'

/** The entry of a finding, ready to be recorded once its kind is one of the journal's. */
export const findingEntry = (kind: FindingKind, found: Finding, concerned: Concerned): EntryOf<FindingKind> => ({
  kind,
  outcome: 'done',
  ...concerned,
  detail: found,
})

const ANALYTIC: Fixture = { 'finding_info.analytic.name': 'rule of the watch', 'finding_info.analytic.type_id': 1 }
const SEVERITIES: ReadonlyMap<unknown, number> = new Map([
  ['Informational', SEVERITY.informational],
  ['Low', SEVERITY.low],
  ['Medium', SEVERITY.medium],
  ['High', SEVERITY.high],
  ['Critical', SEVERITY.critical],
])

const form = (activity: number): Form => ({
  class: 2004,
  activity,
  severity: SEVERITY.medium,
  fixed: { is_alert: true },
  fields: {
    person: text('evidences.0.actor.user.uid'),
    session: text('evidences.0.actor.session.uid'),
    device: text('evidences.0.device.uid', { 'evidences.0.device.type_id': 0 }),
  },
  detail: {
    finding: text('finding_info.uid'),
    title: text('finding_info.title'),
    rule: text('finding_info.analytic.uid', ANALYTIC),
    ruleVersion: text('finding_info.analytic.version', ANALYTIC),
    techniques: each('finding_info.attacks', ['technique', 'uid']),
    severity: text('severity'),
    count: whole('count'),
    entries: json('evidences.0.data.entries'),
  },
  copies: ({ detail }) => (typeof detail?.['severity'] === 'string' ? { severity_id: SEVERITIES.get(detail['severity']) ?? 99 } : {}),
  otherwise: { 'finding_info.uid': 'unknown' },
})

/** A row of our database grants what the journal does not: somebody wrote there who is not the house. */
export const AUTHORITY_MISMATCH: Form = {
  class: 2004,
  activity: 1,
  severity: SEVERITY.high,
  fixed: { is_alert: true, 'finding_info.title': 'Authority not from the journal', 'finding_info.uid': 'authority_mismatch' },
  fields: {
    person: text('evidences.0.actor.user.uid'),
    session: text('evidences.0.actor.session.uid'),
    device: text('evidences.0.device.uid', { 'evidences.0.device.type_id': 0 }),
  },
}

/** A witness of the journal would not cosign it: it says that our histories part, or does not keep its own word. */
export const WITNESS_REFUSED: Form = {
  class: 2004,
  activity: 1,
  severity: SEVERITY.high,
  fixed: { is_alert: true, 'finding_info.title': 'A witness refuses the journal', 'finding_info.uid': 'witness_refused' },
  fields: {},
  detail: { said: text('finding_info.desc') },
}

export const FINDING_FORMS: { readonly [K in FindingKind]: Form } = { 'finding.raised': form(1), 'finding.closed': form(3) }
