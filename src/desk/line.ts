import type { Json } from '../base/canonical.ts'
import type { CallAnswer } from '../contract/console.ts'
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
    people: every((entry) => [entry.person, text(entry, 'by'), text(entry, 'for')]),
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
  readonly entry: Entry
}

const ALERTS: ReadonlySet<EntryKind> = new Set(['sources.capped', 'device.revoked', 'session.revoked', 'change.failed', 'change.unknown_outcome'])

const SENTENCES: { readonly [K in EntryKind]: (told: Telling) => string } = {
  'house.started': ({ entry }) => `Gatehouse started${text(entry, 'version') === undefined ? '' : `, version ${text(entry, 'version')}`}`,
  'house.stopped': () => 'Gatehouse stopped',
  'person.invited': ({ who }) => `${who} was invited to set a passphrase`,
  'person.passphrase_set': ({ who, done }) => (done ? `${who} set a passphrase` : `${who} tried to set a passphrase`),
  'person.signed_in': ({ who }) => `${who} signed in to the console`,
  'person.sign_in_refused': ({ who }) => `${who} tried to sign in`,
  'person.confirmed': ({ who, done }) => (done ? `${who} confirmed with their passphrase` : `${who} tried to confirm with their passphrase`),
  'device.invited': ({ who }) => `${who} got a code to enrol a device`,
  'device.enrolled': ({ who, device }) => `${who} enrolled ${device}`,
  'device.enrol_refused': ({ device }) => `${upperFirst(device)} asked to be enrolled`,
  'device.revoked': ({ entry, device }) => `${upperFirst(device)} is no longer trusted${because(entry, 'why')}`,
  'session.requested': ({ agent, device }) => `${agent} asked for a session on ${device}`,
  'session.decided': ({ who, entry }) => `${who} ${text(entry, 'decision')?.startsWith('den') ? 'turned down' : 'allowed'} a session${forUseCase(entry)}`,
  'session.admitted': ({ agent, device, entry }) => `${agent} opened a session on ${device}${forUseCase(entry)}`,
  'session.renewed': ({ agent }) => `${agent} renewed its access`,
  'session.refused': ({ agent }) => `${agent} asked for a session`,
  'session.revoked': ({ agent, entry }) => `The session of ${agent} was revoked${because(entry, 'why')}`,
  'ask.answered': ({ agent, operation, entry }) => `${agent} asked ${operation}: answered${tally(entry)}`,
  'ask.refused': ({ agent, operation }) => `${agent} asked ${operation}`,
  'sources.capped': ({ entry }) =>
    `${plural(count(entry, 'refused') ?? count(entry, 'count'), 'request')} turned away before being read, too many from one address`,
  'change.proposed': ({ agent, entry }) => `${agent} proposed ${changeOf(entry)}`,
  'change.decided': ({ who, entry }) =>
    `${who} ${text(entry, 'decision')?.startsWith('reject') ? 'rejected' : 'approved'} ${changeOf(entry)}${because(entry, 'reason')}`,
  'change.applying': ({ entry }) => `The applier is about to write ${changeOf(entry)}`,
  'change.applied': ({ entry }) => `The applier wrote ${changeOf(entry)} and read it back`,
  'change.stale': ({ entry }) => `${upperFirst(changeOf(entry))} went back to the approver: the record has moved meanwhile`,
  'change.failed': ({ entry }) => `${upperFirst(changeOf(entry))} could not be written`,
  'change.unknown_outcome': ({ entry }) => `Nobody knows yet whether ${changeOf(entry)} was written`,
  'change.voided': ({ entry }) => `${upperFirst(changeOf(entry))} was voided before it was written${because(entry, 'why')}`,
  'change.refused': ({ who, entry }) => `${who} wanted to decide ${changeOf(entry)}`,
  'draft.prepared': ({ agent, operation }) => `${agent} prepared a draft with ${operation}`,
  'draft.shown': ({ who }) => `${who} was shown a draft in clear`,
  'draft.refused': ({ who }) => `${who} wanted to see a draft in clear`,
  'access.requested': ({ who, operation, entry }) => `${who} asked ${text(entry, 'owner') ?? 'the owner'} for access to ${operation}`,
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
    entry,
  }
}

/** `agent` in the detail: a name, or an object that has one. */
function agentOf(entry: Entry): string | undefined {
  const agent = entry.detail?.['agent']
  if (typeof agent === 'string') return agent
  return isObject(agent) && typeof agent['name'] === 'string' ? agent['name'] : undefined
}

/** ", 1 row, 3 fields covered" from `rows` and `covered` (a number, a list of fields, or an object of field and cover). */
function tally(entry: Entry): string {
  const rows = count(entry, 'rows')
  const covered = count(entry, 'covered')
  return `${rows === undefined ? '' : `, ${plural(rows, 'row')}`}${covered === undefined ? '' : `, ${plural(covered, 'field')} covered`}`
}

function count(entry: Entry, name: string): number | undefined {
  const value = entry.detail?.[name]
  if (typeof value === 'number') return value
  if (Array.isArray(value)) return value.length
  return isObject(value) ? Object.keys(value).length : undefined
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
const changeOf = (entry: Entry): string => `change ${text(entry, 'change') ?? 'without a number'}`
const forUseCase = (entry: Entry): string => (text(entry, 'useCase') === undefined ? '' : ` for ${text(entry, 'useCase')}`)
const because = (entry: Entry, name: string): string => (text(entry, name) === undefined ? '' : `: “${text(entry, name)}”`)
const plural = (many: number | undefined, what: string): string => (many === 1 ? `1 ${what}` : `${many ?? 'some'} ${what}s`)
const upperFirst = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)
/** Not for words that are capitals throughout, as DPoP, nor for our name. */
const lowerFirst = (words: string): string => (/^(.[A-Z]|Gatehouse)/.test(words) ? words : words.charAt(0).toLowerCase() + words.slice(1))
