import type { Json } from '../base/canonical.ts'
import type { EntryKind } from './entry.ts'
import type { Recorded } from './recorded.ts'

/** What is looked for: all that is named must hold. Times in milliseconds since the epoch, `until` exclusive. */
export type EntryFilter = {
  readonly session?: string | undefined
  /** Who acted, or on whose word it was done: by pseudonym, or as entries from before there were any say it. */
  readonly person?: string | undefined
  readonly device?: string | undefined
  readonly operation?: string | undefined
  readonly correlation?: string | undefined
  readonly change?: string | undefined
  readonly kinds?: readonly EntryKind[] | undefined
  /** A field that was shown or covered, or changed. */
  readonly field?: string | undefined
  /** A subject's pseudonym: of the person it is of, or wherever in the details it stands. */
  readonly subject?: string | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
}

export function matches(filter: EntryFilter, entry: Recorded): boolean {
  const at = Date.parse(entry.at)
  const { detail } = entry
  return (
    is(filter.session, entry.session) &&
    is(filter.device, entry.device) &&
    is(filter.operation, entry.operation) &&
    is(filter.correlation, entry.correlation) &&
    (filter.change === undefined || detail?.['change'] === filter.change) &&
    (filter.person === undefined || [entry.person, detail?.['by'], detail?.['proposer'], detail?.['asker']].includes(filter.person)) &&
    (filter.kinds === undefined || filter.kinds.includes(entry.kind)) &&
    (filter.field === undefined || fieldsOf(entry).includes(filter.field)) &&
    (filter.subject === undefined || entry.person === filter.subject || names(detail ?? {}, filter.subject)) &&
    (filter.since === undefined || at >= filter.since) &&
    (filter.until === undefined || at < filter.until)
  )
}

/**
 * Texts that stand in the body of every entry that matches: canonical JSON has one spelling for a string. Whoever keeps the entries can look for them
 * without understanding any.
 */
export const needlesOf = ({ session, person, device, operation, correlation, change, kinds = [], field, subject }: EntryFilter): readonly string[] =>
  [session, person, device, operation, correlation, change, kinds.length === 1 ? kinds[0] : undefined, field, subject].flatMap((value) =>
    value === undefined ? [] : [JSON.stringify(value)],
  )

const is = (wanted: string | undefined, found: string | undefined): boolean => wanted === undefined || wanted === found

/** Lists of fields that an entry names by how each was covered, or as changed; and the images of a change from before those were sealed. */
const LISTS = ['clear', 'token', 'partial', 'redact', 'fields'] as const
const CHANGED = ['before', 'after'] as const

function fieldsOf({ detail = {} }: Recorded): readonly Json[] {
  const listed = LISTS.flatMap((name) => (Array.isArray(detail[name]) ? (detail[name] as readonly Json[]) : []))
  const changed = CHANGED.flatMap((name) => (isObject(detail[name]) ? Object.keys(detail[name]) : []))
  return [...listed, ...changed]
}

function names(value: Json, text: string): boolean {
  if (Array.isArray(value)) return value.some((one) => names(one as Json, text))
  if (isObject(value)) return Object.values(value).some((one) => names(one, text))
  return value === text
}

const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } => typeof value === 'object' && value !== null && !Array.isArray(value)
