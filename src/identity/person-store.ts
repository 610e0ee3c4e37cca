import type { Outcome } from '../base/outcome.ts'
import type { Refusal } from '../model/refusal.ts'

/** An employee, by an identifier that is no name. */
export type Person = { readonly id: string; readonly name: string; readonly groups: readonly string[] }

/** `sign-in`: sets a passphrase. `device`: enrols a device. */
export type InvitePurpose = 'sign-in' | 'device'

/** A sign-in at the console, by the hash of its cookie. Times are milliseconds since the epoch. */
export type DeskSession = { readonly person: string; readonly signedInAt: number; readonly confirmedAt: number; readonly expiresAt: number }

/** What trying a passphrase found. `tries` was already raised: whoever tries many at once is counted before any is compared. */
export type Try = { readonly person: string; readonly passphrase: string | null; readonly locked: false } | { readonly person: string; readonly locked: true }

/** Where people and their sign-ins stand. Hashes are SHA-256. Any number may call at once; each call refuses `store_unavailable` when the database cannot be reached. */
export type PersonStore = {
  readonly byId: (id: string) => Promise<Outcome<Person | null, Refusal>>
  readonly all: () => Promise<Outcome<readonly Person[], Refusal>>
  /** There on return, with this name and these groups, whether they were before or not. */
  readonly put: (person: Person) => Promise<Outcome<null, Refusal>>
  /** Counts a try, and locks at the `triesMax`th until `lockedUntil`; a lock that has passed at `now` starts the count anew. Null: no such person, told in the same time. */
  readonly countTry: (
    id: string,
    rule: { readonly now: number; readonly triesMax: number; readonly lockedUntil: number },
  ) => Promise<Outcome<Try | null, Refusal>>
  readonly clearTries: (id: string) => Promise<Outcome<null, Refusal>>
  /** Replaces the passphrase, unlocks, and ends the person's sign-ins at the console. */
  readonly setPassphrase: (id: string, passphrase: string) => Promise<Outcome<null, Refusal>>

  readonly addInvite: (
    hash: Uint8Array,
    invite: { readonly person: string; readonly purpose: InvitePurpose; readonly expiresAt: number },
  ) => Promise<Outcome<null, Refusal>>
  /** Whose it is, and uses it up. Of any number who try at once exactly one is told; null for the others, the expired and the unknown alike. */
  readonly takeInvite: (hash: Uint8Array, purpose: InvitePurpose, now: number) => Promise<Outcome<string | null, Refusal>>
  /** Gives back what was taken at `now`, when nothing came of it. */
  readonly giveBackInvite: (hash: Uint8Array, now: number) => Promise<Outcome<null, Refusal>>

  readonly addDesk: (hash: Uint8Array, desk: DeskSession) => Promise<Outcome<null, Refusal>>
  /** The sign-in and whose it is, unexpired at `now`. */
  readonly desk: (hash: Uint8Array, now: number) => Promise<Outcome<(DeskSession & { readonly who: Person }) | null, Refusal>>
  readonly confirmDesk: (hash: Uint8Array, at: number) => Promise<Outcome<null, Refusal>>
  readonly endDesk: (hash: Uint8Array) => Promise<Outcome<null, Refusal>>
}
