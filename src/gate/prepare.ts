import { toBase64url } from '../base/bytes.ts'
import { canonical } from '../base/canonical.ts'
import { sha256 } from '../base/digest.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Ask } from '../catalogue/ask.ts'
import type { Draft } from '../changes/draft.ts'
import { recordIn } from '../connectors/fetch.ts'
import { HANDLE, type Tokens } from '../mask/token.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { scalarOf } from '../model/row.ts'
import { asked, who } from './entries.ts'
import { type Gate, type Knock, parse } from './gate.ts'
import { type Answer, acknowledge } from './release.ts'
import { turnBack } from './turn-back.ts'

/** The entity under which a draft's arguments are sealed. */
export const DRAFT = 'drf'

/** A label or letter with handles in it: kept sealed, shown resolved to its person only. The agent learns nothing it did not know. */
export async function prepare(gate: Gate, knock: Knock): Promise<Outcome<Answer, Refusal>> {
  const caller = await knock.authenticate()
  if (!caller.ok) return turnBack(gate, knock, null, caller.refusal)

  const ask = parse(gate, knock, caller.value)
  if (!ask.ok) return turnBack(gate, knock, caller.value, ask.refusal)

  const now = gate.clock()
  const permit = gate.authorise(caller.value, ask.value, gate.localTime(now))
  if (!permit.ok) return turnBack(gate, knock, caller.value, permit.refusal)

  const { session } = caller.value
  const tokens = gate.tokensOf(session.id)
  const stranger = strangeHandle(ask.value, tokens)
  if (stranger)
    return turnBack(
      gate,
      knock,
      caller.value,
      refusal('reference_meaningless', `\`${stranger.slice(0, 12)}…\` in the text is not a reference from an answer of this session`),
    )

  const reserved = gate.reserve(permit.value, now)
  if (!reserved.ok) return turnBack(gate, knock, caller.value, reserved.refusal)

  const fetched = await gate.fetch(reserved.value)
  if (!fetched.ok) return turnBack(gate, knock, caller.value, fetched.refusal)

  const { operation, given } = ask.value
  const draft: Draft = {
    id: gate.newId('drf'),
    session: session.id,
    person: session.person,
    useCase: session.useCase,
    operation: operation.name,
    key: String(scalarOf(recordIn(fetched.value) ?? {}, operation.resource.key)),
    sealed: tokens.seal(DRAFT, canonical(given)),
    createdAt: now,
  }
  const receipt = await gate.record({
    kind: 'draft.prepared',
    outcome: 'done',
    ...who(session),
    correlation: knock.correlation,
    operation: operation.name,
    digest: toBase64url(sha256(canonical(draft))),
    detail: { draft: draft.id, asked: asked(ask.value), rule: permit.value.rule.id },
  })
  if (!receipt.ok) return receipt

  if (gate.isRevoked(session.id)) return refuse(refusal('session_revoked', 'the session was revoked while the ask was under way'))
  try {
    await gate.drafts.keep(draft)
  } catch {
    return turnBack(gate, knock, caller.value, refusal('store_unavailable', 'the draft could not be kept; nothing was prepared'))
  }
  return done(acknowledge({ id: draft.id, state: 'prepared', waitsFor: 'your person, in the console' }, receipt.value))
}

/** A handle in the agent's text that this session never gave: another session's, altered or made up. */
function strangeHandle({ given }: Ask, tokens: Tokens): string | null {
  for (const value of Object.values(given))
    for (const [handle, entity = ''] of String(value).matchAll(HANDLE)) if (tokens.open(entity, handle) === null) return handle
  return null
}
