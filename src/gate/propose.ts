import type { Outcome } from '../base/outcome.ts'
import { done, refuse } from '../base/outcome.ts'
import { type Change, changeDigest, type Image, sameImage } from '../changes/change.ts'
import { type Fetched, recordIn } from '../connectors/fetch.ts'
import type { Entry } from '../journal/entry.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { type Scalar, scalarOf } from '../model/row.ts'
import { asked, who } from './entries.ts'
import { type Gate, type Knock, parse } from './gate.ts'
import { type Answer, acknowledge } from './release.ts'
import { turnBack } from './turn-back.ts'

/** The entity under which an agent's reason is sealed: it may name people. */
export const REASON = 'rsn'

/** A write is only ever proposed here: the record is read as it is, and a change request waits for a person. */
export async function propose(gate: Gate, knock: Knock): Promise<Outcome<Answer, Refusal>> {
  const caller = await knock.authenticate()
  if (!caller.ok) return turnBack(gate, knock, null, caller.refusal)

  const ask = parse(gate, knock, caller.value)
  if (!ask.ok) return turnBack(gate, knock, caller.value, ask.refusal)

  const now = gate.clock()
  const permit = gate.authorise(caller.value, ask.value, gate.localTime(now))
  if (!permit.ok) return turnBack(gate, knock, caller.value, permit.refusal)

  const reserved = gate.reserve(permit.value, now)
  if (!reserved.ok) return turnBack(gate, knock, caller.value, reserved.refusal)

  const fetched = await gate.fetch(reserved.value)
  if (!fetched.ok) return turnBack(gate, knock, caller.value, fetched.refusal)

  const change = changeOf(gate, fetched.value, now)
  if (!change.ok) return turnBack(gate, knock, caller.value, change.refusal)

  const receipt = await gate.record(proposed(knock, fetched.value, change.value))
  if (!receipt.ok) return receipt

  if (gate.isRevoked(caller.value.session.id)) return refuse(refusal('session_revoked', 'the session was revoked while the ask was under way'))
  try {
    await gate.changes.keep(change.value)
  } catch {
    return turnBack(gate, knock, caller.value, refusal('store_unavailable', 'the change could not be kept; nothing was proposed'))
  }
  return done(acknowledge({ id: change.value.id, state: 'proposed', waitsFor: 'an approver' }, receipt.value))
}

function changeOf(gate: Gate, fetched: Fetched, now: number): Outcome<Change, Refusal> {
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
    proposedAt: now,
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
    detail: { change: change.id, version: change.version, asked: asked(ask), before: change.before, after: change.after, rule: rule.id },
  }
}
