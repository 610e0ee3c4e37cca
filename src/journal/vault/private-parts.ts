import type { Json } from '../../base/canonical.ts'
import type { Entry, EntryKind } from '../entry.ts'
import { isPseudonym } from './subject.ts'

/** Whom sealed details concern: the entry's person, a person or account that its details name, or the house. */
type Whose = 'person' | 'by' | 'proposer' | 'asker' | 'account' | 'house'
type Rule = { readonly details: readonly string[]; readonly whose: readonly Whose[] }

const rule = (details: string, whose: string): Rule => ({ details: details.split(' '), whose: whose.split(' ') as Whose[] })

/** Which details of which entries are values of somebody: what a person typed, what a record said, salts of digests over these. The rest are identifiers and words of ours. */
const RULES: { readonly [K in EntryKind]?: Rule } = {
  'device.revoked': /*       */ rule('why', 'person by'),
  'session.revoked': /*      */ rule('why', 'person by'),
  'session.admitted': /*     */ rule('accountsDigest', 'person'),
  'ask.answered': /*         */ rule('asked salt', 'person'),
  'ask.refused': /*          */ rule('asked', 'person'),
  'change.proposed': /*      */ rule('asked account before after', 'person account'),
  'change.decided': /*       */ rule('reason account', 'person proposer account'),
  'change.applying': /*      */ rule('account before after why', 'account'),
  'change.applied': /*       */ rule('account before after why', 'account'),
  'change.stale': /*         */ rule('account before after why', 'account'),
  'change.failed': /*        */ rule('account before after why', 'account'),
  'change.unknown_outcome': /**/ rule('account before after why', 'account'),
  'change.voided': /*        */ rule('account before after why', 'account person'),
  'draft.prepared': /*       */ rule('asked salt account', 'person account'),
  'sources.capped': /*       */ rule('counts', 'house'),
  'console.refused': /*      */ rule('counts', 'house'),
  'journal.exported': /*     */ rule('why', 'house'),
  'journal.erasing': /*      */ rule('authority basis', 'house'),
  'journal.erased': /*       */ rule('authority basis', 'house'),
  'journal.held': /*         */ rule('authority case', 'house'),
  'journal.released': /*     */ rule('authority case', 'house'),
  'journal.pruned': /*       */ rule('authority', 'house'),
  'journal.rekeyed': /*      */ rule('authority', 'house'),
}

/** An entry in two: what stands in the journal, and what is sealed beside it, with whom that concerns. */
export type Parted = { readonly open: Entry; readonly sealed: { readonly [name: string]: Json }; readonly subjects: readonly string[] }

/** Nobody's in particular, and kept with the journal. */
const HOUSE = 'house:journal'
/** What the gate's own hand signed has to be read by whoever follows the journal. */
const NEVER: ReadonlySet<string> = new Set(['grant'])

/** Pseudonyms of some 760 accounts: they are counted apart from the rest, so that entries are found by them; an entry about more is not. */
const CONCERNS_BYTES_MAX = 16_000
/** What `concerns` takes: pseudonyms are ASCII. */
export const concernsBytes = ({ detail }: Entry): number => (detail?.['concerns'] === undefined ? 0 : JSON.stringify(detail['concerns']).length)

/**
 * Null: nothing of it is anybody's, and its `size`, `concerns` apart, is not over `bytesMax`. What makes it larger is sealed too, the largest first, so that no
 * entry is ever too large.
 */
export function part(entry: Entry, bytesMax: number, size = sizeOf(entry) - concernsBytes(entry) * UTF8_MAX): Parted | null {
  const detail = entry.detail ?? {}
  const found = RULES[entry.kind]
  const names = new Set(found?.details.filter((name) => detail[name] !== undefined))
  if (concernsBytes(entry) > CONCERNS_BYTES_MAX) names.add('concerns')
  if (size > bytesMax) for (const name of tooLarge(entry, names, bytesMax)) names.add(name)
  if (names.size === 0) return null
  const split = (wanted: boolean) => Object.fromEntries(Object.entries(detail).filter(([name]) => names.has(name) === wanted))
  return { open: { ...entry, detail: split(false) }, sealed: split(true), subjects: subjectsOf(entry, found) }
}

/** The accounts whose records an entry is about, by their own numbers. */
export function accountsIn({ detail = {} }: Entry): readonly string[] {
  const { concerns, account } = detail
  const all = Array.isArray(concerns) ? (concerns as readonly Json[]) : [account]
  return all.filter((one) => typeof one === 'string')
}

/** The names of the details that are sealed in entries of a kind. */
export const privateDetails = (kind: EntryKind): readonly string[] => RULES[kind]?.details ?? []

function subjectsOf(entry: Entry, found: Rule | undefined): readonly string[] {
  const named = (found?.whose ?? ['person']).map((whose) => subjectAt(entry, whose)).filter((one) => one !== null)
  return named.length > 0 ? [...new Set(named)] : [HOUSE]
}

/** A device, the administrator or `pilot` are nobody's subject. */
function subjectAt({ person, detail }: Entry, whose: Whose): string | null {
  if (whose === 'house') return HOUSE
  const value = whose === 'person' ? person : detail?.[whose]
  if (typeof value !== 'string' || value === '') return null
  if (whose === 'account') return `account:${value}`
  return isPseudonym(value) ? value : null
}

function tooLarge(entry: Entry, already: ReadonlySet<string>, bytesMax: number): readonly string[] {
  const left = Object.entries(entry.detail ?? {}).filter(([name]) => !already.has(name) && name !== 'concerns')
  const sizes = left.map(([name, value]) => [name, sizeOf(value)] as const)
  let over = sizeOf({ ...entry, detail: {} }) + sizes.reduce((sum, [name, size]) => sum + name.length + size, 0) - bytesMax
  if (over <= 0) return []
  const moved: string[] = []
  for (const [name, size] of sizes.filter(([one]) => !NEVER.has(one)).toSorted(([, a], [, b]) => b - a)) {
    if (over <= 0) break
    moved.push(name)
    over -= size
  }
  return moved
}

/** Bytes that a UTF-16 unit takes at most. */
export const UTF8_MAX = 3

/** At least the bytes it takes in UTF-8. */
const sizeOf = (value: Json | Entry): number => JSON.stringify(value).length * UTF8_MAX
