import type { Outcome } from '../../base/outcome.ts'
import { turns } from '../../base/turns.ts'
import type { Catalogue } from '../../catalogue/pack.ts'
import { type Change, changeDigest } from '../../changes/change.ts'
import type { CallAnswer } from '../../contract/console.ts'
import type { Act, Desk, Viewer } from '../../desk/desk.ts'
import { maySee, whyNot } from '../../desk/why-not.ts'
import { type Approving, approve } from '../../gate/approve.ts'
import { REASON } from '../../gate/propose.ts'
import type { Tokens } from '../../mask/token.ts'
import { ERASED } from '../../model/erased.ts'
import type { Refusal } from '../../model/refusal.ts'
import type { Directory } from '../../policy/directory.ts'
import { reach } from '../../store/reach.ts'
import type { Lookup } from './lookup.ts'
import { reached } from './reached.ts'

export type ChangesHouse = {
  readonly catalogue: Catalogue
  readonly directory: Directory
  readonly approving: Approving
  readonly lookup: Lookup
  readonly tokensOf: (session: string) => Tokens
}
type ChangeView = CallAnswer<'decideChange'>

const SHOWN_MAX = 200

/** Changes as people see them: an approver those of the use cases they decide, everybody their own agents'. */
export function changePorts(house: ChangesHouse): Pick<Desk, 'changes' | 'decideChange'> {
  const turn = turns()
  return {
    async changes({ viewer }) {
      return reach(async () => {
        const waiting = await house.approving.changes.inStates(['proposed', 'stale'], SHOWN_MAX)
        const recent = await house.approving.changes.inStates(
          ['approved', 'applying', 'applied', 'rejected', 'failed', 'unknown_outcome', 'voided'],
          SHOWN_MAX,
          'newest',
        )
        const view = (some: readonly Change[]) =>
          Promise.all(some.filter((change) => maySee(house.directory, viewer, change)).map((change) => viewOf(house, viewer, change)))
        return { waiting: await view(waiting), recent: await view(recent) }
      })
    },
    async decideChange(given, act) {
      // One decision on a change at a time: two that come together would both be in the journal.
      return turn(given.id, () => decide(house, given, act))
    },
  }
}

async function decide(house: ChangesHouse, given: Parameters<Desk['decideChange']>[0], { viewer, correlation }: Act): Promise<Outcome<ChangeView, Refusal>> {
  const decided = await reached(() =>
    approve(house.approving, { change: given.id, seen: given.digest, decision: given.decision, reason: given.reason, by: viewer.person, correlation }),
  )
  return decided.ok ? reach(() => viewOf(house, viewer, decided.value)) : decided
}

async function viewOf(house: ChangesHouse, viewer: Viewer, change: Change): Promise<ChangeView> {
  const operation = house.catalogue.operations[change.operation]
  const tokens = house.tokensOf(change.session)
  const label = (field: string) => operation?.resource.fields[field]?.describe ?? field
  return {
    id: change.id,
    version: change.version,
    digest: changeDigest(change),
    state: change.state,
    title: `${operation?.title ?? change.operation}: ${change.key}`,
    operation: change.operation,
    system: change.system,
    account: change.account,
    useCase: change.useCase,
    personName: await house.lookup.personName(change.person),
    agent: await house.lookup.agentOf(change.session),
    reason: wordsOf(tokens, change.reason),
    reversibility: change.reversibility,
    fields: Object.keys(change.after).map((field) => ({
      field,
      label: label(field),
      before: change.before[field] ?? null,
      after: change.after[field] ?? null,
    })),
    proposedAt: change.proposedAt,
    mayNot: whyNot(house.directory, viewer, change),
    decided:
      change.decidedBy === null || change.decidedAt === null
        ? null
        : { byName: await house.lookup.personName(change.decidedBy), at: change.decidedAt, reason: wordsOf(tokens, change.decisionReason ?? '') },
    outcome: change.outcome,
  }
}

/** What somebody typed, or that it was erased. */
const wordsOf = (tokens: Tokens, sealed: string): string => (sealed === ERASED ? ERASED : (tokens.open(REASON, sealed) ?? ''))
