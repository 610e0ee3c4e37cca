import { type Brand, mint } from '../base/brand.ts'
import type { Clock, Random } from '../base/clock.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { CONFIRMED_SECONDS } from '../model/confirmation.ts'
import type { GrantChange } from '../model/grant.ts'
import { type Refusal, type RefusalCode, refusal } from '../model/refusal.ts'
import type { BelievedPeople } from './believed-people.ts'
import { newSecret, secretHash } from './code.ts'
import { deskGrant, deskSubject } from './grants.ts'
import type { Passphrases } from './passphrase.ts'
import type { Person } from './person-store.ts'

/** A person signed in at the console, as their cookie shows in this very request. */
export type SignedIn = Brand<
  { readonly person: Person; readonly signedInAt: number; readonly confirmedAt: number; readonly expiresAt: number; readonly hash: Uint8Array },
  'SignedIn'
>

type Happened = {
  readonly kind:
    | 'person.signed_in'
    | 'person.sign_in_refused'
    | 'person.confirmed'
    | 'person.signed_out'
    | 'person.invited'
    | 'person.passphrase_set'
    | 'device.invited'
  readonly outcome: 'done' | RefusalCode
  readonly correlation?: string
  readonly person?: string
  readonly detail?: { readonly [name: string]: string | boolean }
}

/** Durable once it resolves, or a refusal: then what it tells of must not happen. The journal's `Record` is one. */
export type Tell = (happened: Happened) => Promise<Outcome<unknown, Refusal>>
/** The same of what grants or ends these: they count once it resolves, and no row counts without. */
export type TellGrant = (happened: Happened, changes: readonly GrantChange[]) => Promise<Outcome<unknown, Refusal>>

export type FrontDesk = {
  readonly people: BelievedPeople
  readonly passphrases: Passphrases
  readonly tell: Tell
  readonly grant: TellGrant
  readonly clock: Clock
  readonly random: Random
}

const DESK_HOURS = 8
const TRIES_MAX = 5
const LOCK_SECONDS = 60
const PERSON = /^[\w.@-]{1,64}$/

export type SignIn = { readonly person: string; readonly passphrase: string; readonly correlation: string }

/**
 * A cookie value for `DESK_HOURS`, or `sign_in_failed`: the same words after the same work whether the person is unknown, the passphrase
 * wrong or the account locked. Five wrong tries lock for a minute. Also `rate_limited`, `journal_unavailable`, `store_unavailable`.
 */
export async function signIn(desk: FrontDesk, asked: SignIn): Promise<Outcome<{ readonly cookie: string; readonly expiresAt: number }, Refusal>> {
  const proven = await prove(desk, asked)
  if (!proven.ok) return proven
  const now = desk.clock()
  const cookie = newSecret('gd_', desk.random)
  const expiresAt = now + DESK_HOURS * 3_600_000
  const signedIn = { person: asked.person, signedInAt: now, confirmedAt: now, expiresAt }
  const told = await desk.grant({ kind: 'person.signed_in', outcome: 'done', person: asked.person, correlation: asked.correlation }, [
    deskGrant(secretHash(cookie), signedIn),
  ])
  if (!told.ok) return told
  const added = await desk.people.addDesk(secretHash(cookie), signedIn)
  return added.ok ? done({ cookie, expiresAt }) : added
}

/** Who holds this cookie, or `sign_in_required`. */
export async function whoIs(desk: Pick<FrontDesk, 'people' | 'clock'>, cookie: string | undefined): Promise<Outcome<SignedIn, Refusal>> {
  if (cookie === undefined || cookie.length > 128) return refuse(refusal('sign_in_required', 'nobody is signed in here'))
  const hash = secretHash(cookie)
  const found = await desk.people.desk(hash, desk.clock())
  if (!found.ok) return found
  if (found.value === null) return refuse(refusal('sign_in_required', 'nobody is signed in here, or no longer'))
  const { who, signedInAt, confirmedAt, expiresAt } = found.value
  return done(mint<SignedIn>({ person: who, signedInAt, confirmedAt, expiresAt, hash }))
}

/** The person enters the passphrase again; refuses as `signIn` does, and what was confirmed before stays. */
export async function confirm(desk: FrontDesk, who: SignedIn, passphrase: string, correlation: string): Promise<Outcome<SignedIn, Refusal>> {
  const person = who.person.id
  const proven = await prove(desk, { person, passphrase, correlation })
  if (!proven.ok) return proven
  const confirmedAt = desk.clock()
  const { signedInAt, expiresAt } = who
  const told = await desk.grant({ kind: 'person.confirmed', outcome: 'done', person, correlation }, [
    deskGrant(who.hash, { person, signedInAt, confirmedAt, expiresAt }),
  ])
  if (!told.ok) return told
  const marked = await desk.people.confirmDesk(who.hash, confirmedAt)
  return marked.ok ? done(mint<SignedIn>({ ...who, confirmedAt })) : marked
}

/** `confirmation_needed` unless the person proved within five minutes that it is them. */
export function freshlyConfirmed({ confirmedAt }: SignedIn, now: number): Outcome<null, Refusal> {
  if (now - confirmedAt < CONFIRMED_SECONDS * 1000) return done(null)
  return refuse(refusal('confirmation_needed', 'the last sign-in or confirmation is more than five minutes ago'))
}

/** Gone from the store first, then from the journal: a cookie whose row is put back opens nothing. */
export async function signOut(desk: Pick<FrontDesk, 'people' | 'grant'>, who: SignedIn, correlation: string): Promise<Outcome<null, Refusal>> {
  const ended = await desk.people.endDesk(who.hash)
  if (!ended.ok) return ended
  const told = await desk.grant({ kind: 'person.signed_out', outcome: 'done', person: who.person.id, correlation }, [{ ends: deskSubject(who.hash) }])
  return told.ok ? done(null) : told
}

/** Whether this is the person. Tries are counted before they are compared, so that many at once are no way around the lock. */
async function prove(desk: FrontDesk, { person, passphrase, correlation }: SignIn): Promise<Outcome<null, Refusal>> {
  const now = desk.clock()
  const rule = { now, triesMax: TRIES_MAX, lockedUntil: now + LOCK_SECONDS * 1000 }
  const tried = PERSON.test(person) ? await desk.people.countTry(person, rule) : done(null)
  if (!tried.ok) return tried
  const stored = tried.value === null || tried.value.locked ? null : tried.value.passphrase
  const matches = await desk.passphrases.matches(passphrase, stored)
  if (!matches.ok) return matches
  if (matches.value) return desk.people.clearTries(person)

  // What was typed as a name may be a passphrase: only a name we know goes into the journal.
  const known = tried.value === null ? { detail: { known: false } } : { person, detail: { known: true, locked: tried.value.locked } }
  const told = await desk.tell({ kind: 'person.sign_in_refused', outcome: 'sign_in_failed', correlation, ...known })
  return told.ok ? refuse(refusal('sign_in_failed', 'name or passphrase is wrong, or there were too many tries; after five, wait a minute')) : told
}
