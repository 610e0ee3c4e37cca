import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Change, changeDigest } from '../changes/change.ts'
import { decisionText } from '../changes/decision.ts'
import { proposalGrant } from '../changes/proposal.ts'
import { grantText, linksOf, openDigest } from '../journal/authority-link.ts'

/** An entry the follower proved to be under a signed checkpoint. */
export type ProvenEntry = { readonly index: number; readonly entry: { readonly [name: string]: unknown } }

/**
 * What the signed journal says of changes: proposed, approved by whom, rejected, voided, already being applied; and of
 * sessions: revoked. Fed in order with proven entries only, it judges whether a change may be written.
 */
export type Approvals = {
  readonly learn: (proven: readonly ProvenEntry[]) => void
  /** `begun`: approved, and an intent to apply it was recorded before. */
  readonly judge: (change: Change) => Outcome<'approved' | 'begun', Unfit>
  /** Whether an intent to apply this very change was recorded, whatever came after. */
  readonly isBegun: (change: Change) => boolean
  readonly isVoided: (change: Change) => boolean
  /** All that was learnt, to be gone on from at the next start. */
  readonly all: () => Learnt
}

/** Why a change may not be written. `forGood`: nothing that may yet be signed can alter it, so that the change is to be voided. */
export type Unfit = { readonly why: string; readonly forGood: boolean }

/** Who approved, with the gate's signature over exactly that (changes/decision.ts). */
export type Approval = { readonly person: string; readonly text: string; readonly signature: string }

/** What was signed as proposed, by the change's identifier. */
type Proposal = { readonly state: string | null; readonly text: string; readonly signature: string }

type Known = { approved: Approval | null; rejected: boolean; begun: boolean }

/** What was learnt, to be written down: by digest, and by the identifiers of changes and sessions. */
export type Learnt = {
  readonly known: readonly (readonly [string, Readonly<Known>])[]
  readonly proposals: readonly (readonly [string, readonly Proposal[]])[]
  readonly voided: readonly string[]
  readonly applied: readonly string[]
  readonly revoked: readonly string[]
}
const NOTHING: Learnt = { known: [], proposals: [], voided: [], applied: [], revoked: [] }

/** Every entry that `learn` takes note of has one of these in its body. */
const MARKS = ['"change.', '"session.revoked"'] as const

/** Whether an entry can matter here: most do not, and need not be read. */
export const bearsOnChanges = (body: Uint8Array): boolean => {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  return MARKS.some((mark) => bytes.includes(mark))
}

/**
 * `decides`: whether this person may decide changes of a use case, by the applier's own configuration, and really did: the approval bears the
 * gate's signature; `isGates`: whether a text does. A database administrator can make the signer sign an entry; it cannot make these.
 */
export function approvals(
  decides: (person: string, useCase: string, approval: Approval) => boolean,
  isGates: (text: string, signature: string) => boolean,
  start: Learnt = NOTHING,
): Approvals {
  /** By digest: one version of one change, letter by letter. */
  const known = new Map<string, Known>(start.known.map(([digest, one]) => [digest, { ...one }]))
  const proposals = new Map<string, readonly Proposal[]>(start.proposals)
  const voided = new Set<string>(start.voided)
  const applied = new Set<string>(start.applied)
  const revoked = new Set<string>(start.revoked)

  function learnOne(entry: ProvenEntry['entry']): void {
    const detail = (entry['detail'] ?? {}) as { readonly [name: string]: unknown }
    // The attacker: who may append an entry with anything in these places. What is no text names nothing.
    const [digest, session, change] = [textOf(entry['digest']), textOf(entry['session']), textOf(detail['change'])]
    const about = known.get(digest)
    switch (entry['kind']) {
      case 'change.proposed':
        learnProposal(entry, change)
        if (!about) known.set(digest, { approved: null, rejected: false, begun: false })
        return
      case 'change.stale':
        if (!about) known.set(digest, { approved: null, rejected: false, begun: false })
        return
      case 'change.decided':
        if (!about) return
        if (detail['decision'] !== 'approve') about.rejected = true
        else about.approved ??= approvalIn(digest, textOf(entry['person']), textOf(detail['signature']))
        return
      case 'change.applying':
        if (about) about.begun = true
        return
      case 'change.voided':
        voided.add(change)
        return
      case 'change.applied':
        applied.add(change)
        return
      case 'session.revoked':
        revoked.add(session)
        return
      default:
    }
  }

  function learnProposal(entry: ProvenEntry['entry'], change: string): void {
    const found = linksOf(entry)
    if (found === null || found === 'malformed') return
    const first = found.links.find(({ subject, n }) => subject === `change:${change}` && n === 1)
    if (!first) return
    const proposal = { state: first.state, text: grantText(textOf(entry['kind']), found.links), signature: found.signature }
    proposals.set(change, [...(proposals.get(change) ?? []), proposal])
  }

  /** Whoever alters a row of a change, or writes one, has no signature of the gate over what it then says. */
  function isProposed(change: Change): boolean {
    const state = openDigest(proposalGrant(change))
    return proposals.get(change.id)?.some((one) => one.state === state && isGates(one.text, one.signature)) ?? false
  }

  return {
    learn: (proven) => {
      for (const { entry } of proven) learnOne(entry)
    },
    judge(change) {
      const about = known.get(changeDigest(change))
      if (!about || !isProposed(change)) return refuse(notYet('no signed entry proposes this very change'))
      if (about.approved === null) return refuse(notYet('no signed entry approves it'))
      // Applied, and approved once more by a row only: there is nothing to void.
      if (applied.has(change.id)) return refuse(notYet('it was applied already'))
      if (voided.has(change.id)) return refuse(never('it was voided'))
      if (revoked.has(change.session)) return refuse(never('its session was revoked'))
      if (about.rejected) return refuse(never('it was rejected as well as approved'))
      if (!decides(about.approved.person, change.useCase, about.approved)) return refuse(never('who approved it does not decide such changes'))
      if (about.approved.person === change.person) return refuse(never('it was approved by the person whose agent proposed it'))
      return done(about.begun ? 'begun' : 'approved')
    },
    isBegun: (change) => known.get(changeDigest(change))?.begun ?? false,
    isVoided: ({ id }) => voided.has(id),
    all: () => ({ known: [...known], proposals: [...proposals], voided: [...voided], applied: [...applied], revoked: [...revoked] }),
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const never = (why: string): Unfit => ({ why, forGood: true })
const notYet = (why: string): Unfit => ({ why, forGood: false })

const approvalIn = (digest: string, person: string, signature: string): Approval => ({
  person,
  text: decisionText({ digest, decision: 'approve', by: person }),
  signature,
})
