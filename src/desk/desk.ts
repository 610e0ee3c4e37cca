import type { Clock, Random } from '../base/clock.ts'
import type { Outcome } from '../base/outcome.ts'
import type { CallAnswer, CallInput, Hint } from '../contract/console.ts'
import type { Entry } from '../journal/entry.ts'
import type { Refusal } from '../model/refusal.ts'
import type { RefusedCall } from './refusals.ts'

/** A person signed in at the console, as `whoIs` found them for this very request. */
export type Viewer = CallAnswer<'me'>

/** A call by a signed-in person. `correlation` names it in the journal, in the refusal and on the page. */
export type Act = { readonly viewer: Viewer; readonly correlation: string }
type Visit = { readonly source: string; readonly correlation: string }
type Answered<T> = Promise<Outcome<T, Refusal>>

/** `cookie` is the secret the browser keeps: 256 random bits, and only its hash is stored. */
export type SignedIn = { readonly cookie: string; readonly maxAgeSeconds: number; readonly viewer: Viewer }

export type JournalItem = { readonly index: number; readonly at: number; readonly entry: Entry }
export type JournalTail = Omit<CallAnswer<'journal'>, 'lines'> & { readonly items: readonly JournalItem[] }

/** Names for identifiers; what is not known is absent, and is then called by its identifier. `agents` by session. */
export type Names = {
  readonly people: ReadonlyMap<string, string>
  readonly devices: ReadonlyMap<string, string>
  readonly agents: ReadonlyMap<string, string>
}
export type Unnamed = { readonly people: readonly string[]; readonly devices: readonly string[]; readonly sessions: readonly string[] }

/**
 * What the console's server needs of the house: the desk owns HTTP, cookies and shape, and decides nothing else.
 * Every port that does something, or shows a clear value, records it durably before it resolves (`journal_unavailable` otherwise, and
 * then nothing happened). Each judges the viewer's right itself. None throws but for a broken invariant.
 * The desk has checked before: the request came from the console's own page, the cookie is good, the input has its shape, and, where
 * the contract says `confirmed`, the viewer typed their passphrase within CONFIRMED_SECONDS.
 */
export type Desk = {
  /** The console's own address as the browser writes it (RFC 6454): `https://gate.example:8443`. Asked per request: the port may be known late. */
  readonly origin: () => string
  /** Where `npm run build` left the console. */
  readonly folder: string
  readonly clock: Clock
  readonly random: Random

  /**
   * A call was refused, by the desk or by a port: the house keeps one entry of it, unless the port already did under this correlation.
   * Never throws, and the refusal stands whether it could be recorded or not.
   */
  readonly refused: (call: RefusedCall) => Promise<void>

  /** Refuses `sign_in_failed` alike for an unknown person, a wrong passphrase and a locked account, in like time; counts and caps by person and by source. */
  readonly signIn: (given: CallInput<'signIn'> & Visit) => Answered<SignedIn>
  /** Uses up an invitation; it does not sign in. Refuses `code_unknown`. */
  readonly setPassphrase: (given: CallInput<'setPassphrase'> & Visit) => Answered<CallAnswer<'setPassphrase'>>
  /** Refuses `sign_in_required` for a cookie that is unknown, ended or signed out. Not recorded. */
  readonly whoIs: (cookie: string) => Answered<Viewer>
  /** The passphrase again, for the same sign-in: `confirmedAt` becomes now. Refuses, counts and locks as `signIn` does. */
  readonly confirm: (given: CallInput<'confirm'> & Visit & { readonly cookie: string }) => Answered<Viewer>
  /** After it resolves the cookie is nobody's. */
  readonly signOut: (cookie: string, act: Act) => Answered<null>

  readonly pilot: (act: Act) => Answered<CallAnswer<'pilot'>>
  /** Approvers see those of the use cases they decide; everybody what their own agents proposed. Values are in clear only where the viewer may see them so. */
  readonly changes: (act: Act) => Answered<CallAnswer<'changes'>>
  /** Once, for this version and digest: `change_not_waiting`, `change_moved`, `own_change`, `not_approver`. Answers with the change as it then is. */
  readonly decideChange: (given: CallInput<'decideChange'> & { readonly id: string }, act: Act) => Answered<CallAnswer<'decideChange'>>
  readonly drafts: (act: Act) => Answered<CallAnswer<'drafts'>>
  /** Resolves the draft's tokens. The viewer confirmed within CONFIRMED_SECONDS. Refuses `not_found` alike for absent and foreign. */
  readonly showDraft: (id: string, act: Act) => Answered<CallAnswer<'showDraft'>>
  /** Those the viewer may revoke, or might have: open, and over today. */
  readonly sessions: (act: Act) => Answered<CallAnswer<'sessions'>>
  /** At once: tokens die, changes not yet applied are voided. */
  readonly revokeSession: (given: CallInput<'revokeSession'> & { readonly id: string }, act: Act) => Answered<null>

  /** At most `limit` entries, from index `from` on or, with null, the newest; in any order. Only entries this viewer may read. */
  readonly journalTail: (range: { readonly from: number | null; readonly limit: number }, act: Act) => Answered<JournalTail>
  /** The receipt of one entry that this viewer may read: `not_found` alike for others and none, `receipt_not_yet`. */
  readonly receipt: (index: number, act: Act) => Answered<CallAnswer<'receipt'>>
  readonly names: (ids: Unnamed) => Promise<Names>
  /** Refuses `not_found` alike for an unknown correlation and another person's. */
  readonly refusal: (correlation: string, act: Act) => Answered<Omit<CallAnswer<'refusal'>, 'title' | 'next' | 'correlation'>>
  /** For who decides the session's use case to answer; asking again for the same refusal changes nothing. */
  readonly requestAccess: (given: CallInput<'requestAccess'> & { readonly about: string }, act: Act) => Answered<null>
  /** The viewer's own requests, and those they may answer. */
  readonly requests: (act: Act) => Answered<CallAnswer<'requests'>>
  /** A word for the asker, once: it grants nothing. Refuses `not_found` alike for absent and foreign, `forbidden` for one's own. */
  readonly answerRequest: (given: CallInput<'answerRequest'> & { readonly id: string }, act: Act) => Answered<CallAnswer<'answerRequest'>>

  /** The session a device asked for and its person has not yet decided. Refuses `code_unknown` alike for wrong, used, expired and another person's. */
  readonly pendingSession: (userCode: string, act: Act) => Answered<CallAnswer<'link'>>
  /** A grant names one of the offered use cases, `use_case_not_assigned` otherwise, and comes from a viewer who confirmed within CONFIRMED_SECONDS. */
  readonly decideSession: (given: SessionDecision, act: Act) => Answered<null>
  /** The viewer's own devices, newest first, revoked ones too. */
  readonly devices: (act: Act) => Answered<CallAnswer<'devices'>>
  /** One of the viewer's own is trusted no more, and its sessions end. Refuses `not_found` alike for unknown and another's. */
  readonly revokeDevice: (given: CallInput<'revokeDevice'> & { readonly id: string }, act: Act) => Answered<null>
  /** A code for one device of the viewer's own, once and for a day. */
  readonly inviteDevice: (act: Act) => Answered<CallAnswer<'inviteDevice'>>

  /** Calls back after something changed that may concern this viewer; a hint too many does no harm, one too few leaves a page stale. Returns how to stop. */
  readonly subscribe: (viewer: Viewer, listener: (hint: Hint) => void) => () => void
}

export type SessionDecision =
  | { readonly userCode: string; readonly decision: 'grant'; readonly useCase: string }
  | { readonly userCode: string; readonly decision: 'deny' }
