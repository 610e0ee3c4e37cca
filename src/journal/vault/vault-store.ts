import type { Outcome } from '../../base/outcome.ts'
import type { Refusal } from '../../model/refusal.ts'

/** Somebody, or something, whose values can be erased together, by pseudonym. `sealed`: who that is, under the key in `wrapped`; both null once erased. */
export type SubjectRow = {
  readonly pseudonym: string
  readonly sealed: Uint8Array | null
  readonly wrapped: Uint8Array | null
  /** Milliseconds since the epoch. Since `erasingAt` no key is made for it any more. */
  readonly erasingAt: number | null
  readonly erasedAt: number | null
}

/** A data key of one subject and month (`2026-11`, UTC), wrapped by the master key; null once destroyed. */
export type KeyRow = { readonly id: string; readonly pseudonym: string; readonly month: string; readonly wrapped: Uint8Array | null }

/** A ciphertext by the index of its entry, with the keys it was sealed under; null once one of these was destroyed. `class` is for its retention. */
export type PayloadRow = { readonly index: number; readonly keyIds: readonly string[]; readonly class: string; readonly ciphertext: Uint8Array | null }

/**
 * Where the vault's keys and ciphertexts lie: a port, kept by `store/vault-store.ts`. Nothing in it is secret without the master key.
 *
 * Durability. `addSubject` and `addKey` are durable on return: what is sealed under a key that is lost is lost. Ciphertexts come with their entries
 * (journal/entry-store.ts).
 * Races. Of several who add the same subject or key at once, one row stays, and all get that one.
 * Errors. A call rejects when the database cannot be reached; it may then have been done.
 */
export type VaultStore = {
  readonly subjectByIndex: (index: Uint8Array) => Promise<SubjectRow | null>
  /** Those of these that are there, in any order. */
  readonly subjects: (pseudonyms: readonly string[]) => Promise<readonly SubjectRow[]>
  readonly addSubject: (row: {
    readonly pseudonym: string
    readonly index: Uint8Array
    readonly sealed: Uint8Array
    readonly wrapped: Uint8Array
  }) => Promise<SubjectRow>
  readonly keyOf: (pseudonym: string, month: string) => Promise<KeyRow | null>
  /** The key that stands for this subject and month; null when the subject is unknown, being erased, or erased. */
  readonly addKey: (row: KeyRow & { readonly wrapped: Uint8Array }) => Promise<KeyRow | null>
  readonly keys: (ids: readonly string[]) => Promise<readonly KeyRow[]>
  readonly payloads: (indices: readonly number[]) => Promise<readonly PayloadRow[]>
}

/** What an erasure did: keys destroyed, the months they were of, and ciphertexts under them, emptied or yet to be. */
export type Destroyed = { readonly keys: number; readonly months: readonly string[]; readonly payloads: number }

/**
 * SQL that did not do its work: the role may not (a managed service); a transaction from before, such as a backup under way, holds the table or still sees its
 * dead rows; or the server broke it off, for want of disk or time.
 */
export type Unswept = { readonly sql: string; readonly why: 'forbidden' | 'in_use' | 'broken_off' }

/**
 * What only the owner of the tables may do: a port too. `begin` and `hold` exclude each other: of the two one is first, and the other sees it.
 * Each call is durable on return, and done again changes nothing.
 */
export type VaultKeeping = {
  /** From here on no key is made for it. `held`: nothing was done; `cases` are those that hold it. */
  readonly begin: (
    pseudonym: string,
    at: number,
  ) => Promise<{ readonly state: 'begun' | 'erased' | 'unknown' } | { readonly state: 'held'; readonly cases: readonly string[] }>
  /** Wrapped keys, name and index are overwritten, in one transaction. Only after `begin`. */
  readonly destroy: (pseudonym: string, at: number) => Promise<Destroyed>
  /** Of a stretch of ciphertexts, from that of entry `from` on, empties those under any of its destroyed keys: how many, and where to go on; null at the end. */
  readonly empty: (pseudonym: string, from: number) => Promise<{ readonly emptied: number; readonly next: number | null }>
  /** Leaves no dead row that still holds a key in the tables' files; what of that could not be done. */
  readonly sweep: () => Promise<readonly Unswept[]>
  /** Erasures that were destroyed and not yet told in the journal. */
  readonly untold: () => Promise<readonly (Destroyed & { readonly pseudonym: string })[]>
  readonly told: (pseudonym: string) => Promise<void>
  /** False: it is being erased, erased, or unknown. */
  readonly hold: (pseudonym: string, caseId: string, at: number) => Promise<boolean>
  /** False: no such hold stands. */
  readonly release: (pseudonym: string, caseId: string, at: number) => Promise<boolean>
}

/** A subject and a key whose wrapped keys stand. */
export type StandingSubject = {
  readonly pseudonym: string
  readonly index: Uint8Array | null
  readonly sealed: Uint8Array | null
  readonly wrapped: Uint8Array
}
export type StandingKey = KeyRow & { readonly wrapped: Uint8Array }

/** How each row is exchanged: null where it does not open. `decide` comes last, when only the commit is missing: refused, nothing is changed. */
export type Exchanging = {
  readonly subject: (row: StandingSubject) => Promise<{ readonly index: Uint8Array; readonly wrapped: Uint8Array } | null>
  readonly key: (row: StandingKey) => Promise<Uint8Array | null>
  readonly decide: () => Promise<Outcome<unknown, Refusal>>
  readonly progress: (done: number, of: number) => void
}

export type Exchanged = { readonly subjects: number; readonly keys: number }
/** `connected`: these, by their connections' names, may hold the master key in memory. `busy`: a transaction holds the tables. `altered`: the row of this name does not open, or stands although it was erased. */
export type NotExchanged =
  | { readonly why: 'connected'; readonly names: readonly string[] }
  | { readonly why: 'busy' }
  | { readonly why: 'altered'; readonly row: string }
  | { readonly why: 'unrecorded'; readonly refusal: Refusal }

/**
 * Exchanges what the master key wrapped, as the owner of the tables: a port too.
 *
 * Whole. All rows whose keys stand are exchanged, or none: one transaction, durable on return. A call that rejects may have been done, or not at all.
 * Alone. From its beginning to its end nobody reads or adds a subject or a key; whoever waited to read comes upon the new rows. Nobody who may hold the old
 * master key is connected then; a process that lost its connection before, and with it every lock, is not seen.
 */
export type VaultRekeying = {
  /** Who may hold the master key now, by the names of their connections; not this caller's own. */
  readonly connected: () => Promise<readonly string[]>
  readonly exchange: (how: Exchanging) => Promise<Outcome<Exchanged, NotExchanged>>
  /** The first row that `exchange` would call altered; null where there is none. Changes nothing, and locks nobody out. */
  readonly altered: (by: Pick<Exchanging, 'subject' | 'key'>) => Promise<string | null>
}
