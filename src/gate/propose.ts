import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Change, changeDigest, type Image, sameImage } from '../changes/change.ts'
import { proposalGrant } from '../changes/proposal.ts'
import { type Fetched, recordIn } from '../connectors/fetch.ts'
import type { Entry } from '../journal/entry.ts'
import type { Proposable } from '../limits/waiting.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { type Scalar, scalarOf } from '../model/row.ts'
import { approach } from './approach.ts'
import { asked, who } from './entries.ts'
import type { Gate, Knock } from './gate.ts'
import { lodge } from './lodge.ts'
import type { Answer } from './release.ts'
import { turnBack } from './turn-back.ts'

/** The entity under which an agent's reason is sealed: it may name people. */
export const REASON = 'rsn'

/** A write is only ever proposed here: the record is read as it is, and a change request waits for a person. */
export async function propose(gate: Gate, knock: Knock): Promise<Outcome<Answer, Refusal>> {
  const reserved = await approach(gate, knock)
  if (!reserved.ok) return reserved
  const { caller, ask } = reserved.value.permit

  const may = gate.mayWrite()
  if (!may.ok) return turnBack(gate, knock, caller, may.refusal, ask)

  return gate.inTurn(reserved.value, async (leave) => {
    if (!leave.ok) return turnBack(gate, knock, caller, leave.refusal, ask)

    const fetched = await gate.fetch(leave.value.reserved)
    if (!fetched.ok) return turnBack(gate, knock, caller, fetched.refusal, ask)

    const change = changeOf(gate, leave.value, fetched.value)
    if (!change.ok) return turnBack(gate, knock, caller, change.refusal, ask)

    return lodge(gate, knock, caller, {
      entry: proposed(knock, fetched.value, change.value),
      grants: [proposalGrant(change.value)],
      keep: () => gate.changes.keep(change.value),
      told: { id: change.value.id, state: 'proposed', waitsFor: 'an approver' },
    })
  })
}

function changeOf(gate: Gate, _leave: Proposable, fetched: Fetched): Outcome<Change, Refusal> {
  const { caller, ask } = fetched.reserved.permit
  const { operation, input } = ask
  const row = recordIn(fetched) ?? {}
  const scalar = (name: string): Scalar => scalarOf(row, name)
  const before: Image = Object.fromEntries(Object.keys(operation.sets).map((field) => [field, scalar(field)]))
  const after: Image = Object.fromEntries(Object.entries(operation.sets).map(([field, arg]) => [field, input[arg] ?? null]))
  if (sameImage(after, before)) return refuse(refusal('invalid_input', 'the record already is as proposed'))
  const { session } = caller
  return done({
    id: gate.newId('chg'),
    session: session.id,
    person: session.person,
    useCase: session.useCase,
    operation: operation.name,
    system: operation.system,
    resource: operation.resource.name,
    key: String(scalar(operation.resource.key)),
    account: String(scalar(operation.resource.boundary)),
    before,
    after,
    reason: gate.tokensOf(session.id).seal(REASON, String(input['reason'] ?? '')),
    reversibility: operation.reversibility,
    version: 1,
    proposedAt: gate.clock(),
    salt: gate.newId('salt'),
    state: 'proposed',
    decidedBy: null,
    decidedAt: null,
    decisionReason: null,
    outcome: null,
  })
}

function proposed(knock: Knock, fetched: Fetched, change: Change): Entry {
  const { caller, ask, rule } = fetched.reserved.permit
  return {
    kind: 'change.proposed',
    outcome: 'done',
    ...who(caller.session),
    correlation: knock.correlation,
    operation: change.operation,
    digest: changeDigest(change),
    detail: {
      change: change.id,
      version: change.version,
      asked: asked(ask),
      account: change.account,
      before: change.before,
      after: change.after,
      fields: Object.keys(change.after),
      rule: rule.id,
    },
  }
}
