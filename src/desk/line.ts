import type { Json } from '../base/canonical.ts'
import { CALLS, type CallAnswer, type CallName } from '../contract/console.ts'
import type { Entry, EntryKind } from '../journal/entry.ts'
import { titleOf } from '../model/refusal.ts'
import type { JournalItem, Names, Unnamed } from './desk.ts'

type Line = CallAnswer<'journal'>['lines'][number]

/** One entry as a line a person reads: who, through which agent, what, and what came of it. The entry itself goes along unchanged. */
export function lineOf(item: JournalItem, names: Names): Line {
  const { entry } = item
  const said = SENTENCES[entry.kind](tellingOf(entry, names))
  return {
    index: item.index,
    at: item.at,
    kind: entry.kind,
    outcome: entry.outcome,
    text: entry.outcome === 'done' || entry.kind === 'sources.capped' ? said : `${said}: refused, ${lowerFirst(titleOf(entry.outcome))}${ruleOf(entry)}`,
    tone: ALERTS.has(entry.kind) ? 'alert' : entry.outcome === 'done' ? 'plain' : 'refused',
    correlation: entry.correlation ?? null,
    entry: { ...entry },
  }
}

/** The identifiers the lines will want names for. */
export function unnamedIn(items: readonly JournalItem[]): Unnamed {
  const every = (pick: (entry: Entry) => readonly (string | undefined)[]) => [
    ...new Set(items.flatMap((item) => pick(item.entry)).filter((id) => id !== undefined)),
  ]
  return {
    people: every((entry) => [entry.person, text(entry, 'by'), text(entry, 'proposer'), text(entry, 'asker')]),
    devices: every((entry) => [entry.device]),
    sessions: every((entry) => [entry.session]),
  }
}

/** What a sentence may say. Each is a phrase that is never empty. */
type Telling = {
  readonly done: boolean
  /** The person: "Anna Berg". */
  readonly who: string
  /** The person's agent: "Anna Berg's agent Claude Desktop". */
  readonly agent: string
  readonly device: string
  readonly operation: string
  /** " by Erik Lund", or nothing where the device or nobody did it. */
  readonly by: string
  /** "change chg-1", with whose agent proposed it where another person decides. */
  readonly change: string
  /** Who asked for access, where another answers. */
  readonly asker: string
  readonly entry: Entry
}

const ALERTS: ReadonlySet<EntryKind> = new Set([
  'finding.authority_mismatch',
  'finding.witness_refused',
  'sources.capped',
  'device.revoked',
  'session.revoked',
  'change.failed',
  'change.unknown_outcome',
])

const SENTENCES: { readonly [K in EntryKind]: (told: Telling) => string } = {
  'house.started': () => 'Gatehouse started',
  'house.stopped': () => 'Gatehouse stopped',
  'house.heartbeat': () => 'Nothing happened for a minute; the journal is being kept',
  'house.configured': ({ entry }) => `The gate runs by new settings${partsOf(entry)}`,
  'journal.exported': ({ who, entry }) => `${who} exported entries of the journal${because(entry)}`,
  'journal.erasing': ({ entry }) => `The keys of ${subjectOf(entry)} are about to be destroyed${onWhose(entry)}`,
  'journal.erased': ({ entry }) => `The keys of ${subjectOf(entry)} were destroyed${onWhose(entry)}`,
  'journal.held': ({ entry }) => `What is kept of ${subjectOf(entry)} is held for a case${onWhose(entry)}`,
  'journal.released': ({ entry }) => `What is kept of ${subjectOf(entry)} is held for a case no more${onWhose(entry)}`,
  'journal.pruned': ({ entry }) => `Entries below ${wholeIn(entry, 'to')} left the database for the archive${because(entry)}${onWhose(entry)}`,
  'journal.rekeyed': ({ entry }) => `The keys of the vault are put under another master key${onWhose(entry)}`,
  'person.assigned': ({ who, entry }) => `${who} has ${groupsOf(entry)}`,
  'person.invited': ({ who }) => `${who} was invited to set a passphrase`,
  'person.passphrase_set': ({ who, done }) => (done ? `${who} set a passphrase` : `${who} tried to set a passphrase`),
  'person.signed_in': ({ who }) => `${who} signed in to the console`,
  'person.sign_in_refused': ({ who }) => `${who} tried to sign in`,
  'person.confirmed': ({ who, done }) => (done ? `${who} confirmed with their passphrase` : `${who} tried to confirm with their passphrase`),
  'person.signed_out': ({ who }) => `${who} signed out of the console`,
  'device.invited': ({ who }) => `${who} got a code to enrol a device`,
  'device.enrolled': ({ who, device }) => `${who} enrolled ${device}`,
  'device.enrol_refused': ({ device }) => `${upperFirst(device)} asked to be enrolled`,
  'device.revoked': ({ entry, device, by }) => `${upperFirst(device)} was revoked${by}${because(entry)}`,
  'session.requested': ({ agent, device }) => `${agent} asked for a session on ${device}`,
  'session.decided': ({ who, entry }) => `${who} ${entry.detail?.['granted'] === false ? 'turned down' : 'allowed'} a session${forUseCase(entry)}`,
  'session.admitted': ({ agent, device, entry }) => `${agent} opened a session on ${device}${forUseCase(entry)}`,
  'session.renewed': ({ agent }) => `${agent} renewed its access`,
  'session.refused': ({ agent }) => `${agent} asked for a session`,
  'session.revoked': ({ agent, entry, by }) => `The session of ${agent} was revoked${by}${because(entry)}`,
  'ask.answered': ({ agent, operation, entry }) => `${agent} asked ${operation}: answered${tally(entry)}`,
  'ask.refused': ({ agent, operation }) => `${agent} asked ${operation}`,
  'sources.capped': ({ entry }) => `${turnedAway(entry)} before they were read: too many at once`,
  'change.proposed': ({ agent, change }) => `${agent} proposed ${change}`,
  'change.decided': ({ who, change, entry }) => `${who} ${text(entry, 'decision') === 'reject' ? 'rejected' : 'approved'} ${change}`,
  'change.applying': ({ change }) => `The applier is about to apply ${change}`,
  'change.applied': ({ change }) => `The applier applied ${change} and read it back`,
  'change.stale': ({ change, entry }) => `${upperFirst(change)} went back to the approver, the record has moved${because(entry)}`,
  'change.failed': ({ change, entry }) => `${upperFirst(change)} could not be applied${because(entry)}`,
  'change.unknown_outcome': ({ change, entry }) => `Nobody knows yet whether ${change} was applied${because(entry)}`,
  'change.voided': ({ change, entry }) => `${upperFirst(change)} was voided before it was applied${because(entry)}`,
  'change.refused': ({ who, change }) => `${who} wanted to decide ${change}`,
  'draft.prepared': ({ agent, operation }) => `${agent} prepared a draft with ${operation}`,
  'draft.shown': ({ who }) => `${who} was shown a draft in clear`,
  'draft.refused': ({ who }) => `${who} wanted to see a draft in clear`,
  'access.requested': ({ who, operation, entry }) => `${who} asked ${text(entry, 'owner') ?? 'the owner'} for access to ${operation}`,
  'access.answered': ({ who, operation, asker }) => `${who} answered ${asker}'s request for access to ${operation}`,
  'finding.witness_refused': ({ entry }) =>
    `The witness ${text(entry, 'witness') ?? 'of the journal'} refuses it: ${text(entry, 'said') ?? 'it did not say why'}. Somebody should look`,
  'finding.authority_mismatch': ({ entry }) =>
    `The database and the journal disagree: ${text(entry, 'what') ?? 'somebody wrote what is not ours'}${ofWhat(entry)}. The journal counts, and somebody should look`,
  'console.refused': ({ who, entry }) =>
    isObject(entry.detail?.['counts']) ? `${turnedAway(entry)} at the console` : `${who} wanted to ${WANTED[callOf(entry)]} at the console`,
}

/** What each call of the console is for, in words. */
const WANTED: { readonly [N in CallName | 'none']: string } = {
  none: 'reach something',
  signIn: 'sign in',
  setPassphrase: 'set a passphrase',
  signOut: 'sign out',
  confirm: 'confirm with their passphrase',
  me: 'see who is signed in',
  pilot: 'see the pilot',
  changes: 'see the changes',
  decideChange: 'decide a change',
  drafts: 'see their drafts',
  showDraft: 'see a draft in clear',
  sessions: 'see the sessions',
  revokeSession: 'revoke a session',
  journal: 'read the journal',
  receipt: 'get the receipt of an entry',
  refusal: 'look at a refusal',
  requestAccess: 'ask for access',
  requests: 'see requests for access',
  answerRequest: 'answer a request for access',
  link: 'look at a session that is asked for',
  grantSession: 'allow a session',
  denySession: 'turn down a session',
  devices: 'see their devices',
  revokeDevice: 'revoke a device',
  inviteDevice: 'get a code to enrol a device',
}

function callOf(entry: Entry): CallName | 'none' {
  const call = text(entry, 'call')
  return call !== undefined && Object.hasOwn(CALLS, call) ? (call as CallName) : 'none'
}

function tellingOf(entry: Entry, names: Names): Telling {
  const who = entry.person === undefined ? 'Someone' : (names.people.get(entry.person) ?? entry.person)
  const program = agentOf(entry) ?? (entry.session === undefined ? undefined : names.agents.get(entry.session))
  const whose = entry.person === undefined ? 'An agent' : `${who}'s agent`
  return {
    done: entry.outcome === 'done',
    who,
    agent: program === undefined ? whose : `${whose} ${program}`,
    device: entry.device === undefined ? 'a device' : `the device ${names.devices.get(entry.device) ?? entry.device}`,
    operation: entry.operation ?? 'something',
    by: byOf(entry, names),
    change: changeOf(entry, names),
    asker: names.people.get(text(entry, 'asker') ?? '') ?? text(entry, 'asker') ?? 'someone',
    entry,
  }
}

/** `agent` in the detail: a name, or an object that has one. */
function agentOf(entry: Entry): string | undefined {
  const agent = entry.detail?.['agent']
  if (typeof agent === 'string') return agent
  return isObject(agent) && typeof agent['name'] === 'string' ? agent['name'] : undefined
}

/** " by Erik Lund": `by` is a person, or the device itself, which is then said otherwise. */
function byOf(entry: Entry, names: Names): string {
  const by = text(entry, 'by')
  if (by === undefined) return ''
  return by === entry.device ? ' by its own device' : ` by ${names.people.get(by) ?? by}`
}

function changeOf(entry: Entry, names: Names): string {
  const change = text(entry, 'change')
  const proposer = text(entry, 'proposer')
  if (change === undefined) return 'a change'
  return proposer === undefined ? `change ${change}` : `change ${change} by ${names.people.get(proposer) ?? proposer}'s agent`
}

const COVERED = ['token', 'partial', 'redact'] as const

/** ", 1 row, 3 fields covered": `rows`, and under each way of covering the fields that left so. */
function tally(entry: Entry): string {
  const rows = entry.detail?.['rows']
  const covered = COVERED.flatMap((how) => entry.detail?.[how] ?? []).length
  return `${typeof rows === 'number' ? `, ${plural(rows, 'row')}` : ''}, ${plural(covered, 'field')} covered`
}

/** Of what kind the row is, or where the entry lies. */
function ofWhat(entry: Entry): string {
  const index = entry.detail?.['index']
  const subject = text(entry, 'subject')
  return typeof index === 'number' ? ` (entry ${index})` : subject === undefined ? '' : ` (${subject})`
}

const subjectOf = (entry: Entry): string => text(entry, 'subject') ?? 'somebody'
/** " on the word of the data protection officer": who a person named as the authority. */
const onWhose = (entry: Entry): string => (text(entry, 'authority') === undefined ? '' : ` on the word of ${text(entry, 'authority')}`)

function groupsOf(entry: Entry): string {
  const groups = entry.detail?.['groups']
  if (!Array.isArray(groups) || groups.length === 0) return 'no group any more'
  return `the ${groups.length === 1 ? 'group' : 'groups'} ${groups.join(', ')}`
}

/** ": limits, use cases": what changed in the configuration, its names as words. */
function partsOf(entry: Entry): string {
  const after = entry.detail?.['after']
  const parts = isObject(after) ? Object.keys(after).map((part) => part.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)) : []
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`
}

/** `counts`: how often each address was turned away. */
function turnedAway(entry: Entry): string {
  const counts = entry.detail?.['counts']
  const each = isObject(counts) ? Object.values(counts).filter((count) => typeof count === 'number') : []
  const requests = each.reduce((sum, count) => sum + count, 0)
  return each.length === 0 ? 'Requests were turned away' : `${plural(requests, 'request')} from ${plural(each.length, 'address')} turned away`
}

function ruleOf(entry: Entry): string {
  const rule = entry.detail?.['rule']
  const id = isObject(rule) ? rule['id'] : rule
  return typeof id === 'string' ? ` (rule ${id})` : ''
}

const text = (entry: Entry, name: string): string | undefined => {
  const value = entry.detail?.[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } => typeof value === 'object' && value !== null && !Array.isArray(value)
const forUseCase = (entry: Entry): string => (text(entry, 'useCase') === undefined ? '' : ` for ${text(entry, 'useCase')}`)
const because = (entry: Entry): string => (text(entry, 'why') === undefined ? '' : `: “${text(entry, 'why')}”`)
const plural = (many: number, what: string): string => (many === 1 ? `1 ${what}` : `${many} ${what}${what.endsWith('s') ? 'es' : 's'}`)
const upperFirst = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)
/** Not for words that are capitals throughout, as DPoP, nor for our name. */
const lowerFirst = (words: string): string => (/^(.[A-Z]|Gatehouse)/.test(words) ? words : words.charAt(0).toLowerCase() + words.slice(1))

const wholeIn = ({ detail }: Entry, name: string): string => (typeof detail?.[name] === 'number' ? String(detail[name]) : 'some')
