import { toBase64url } from '../base/bytes.ts'
import { canonical } from '../base/canonical.ts'
import { sha256 } from '../base/digest.ts'
import type { Outcome } from '../base/outcome.ts'
import type { Ask } from '../catalogue/ask.ts'
import type { Draft } from '../changes/draft.ts'
import { type Fetched, recordIn } from '../connectors/fetch.ts'
import type { Entry } from '../journal/entry.ts'
import { TOKEN, type Tokens } from '../mask/token.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { scalarOf } from '../model/row.ts'
import { approach } from './approach.ts'
import { asked, who } from './entries.ts'
import type { Gate, Knock } from './gate.ts'
import { lodge } from './lodge.ts'
import type { Answer } from './release.ts'
import { turnBack } from './turn-back.ts'

/** The entity under which a draft's arguments are sealed. */
export const DRAFT = 'drf'

/** A label or letter with tokens in it: kept sealed, shown resolved to its person only. The agent learns nothing it did not know. */
export async function prepare(gate: Gate, knock: Knock): Promise<Outcome<Answer, Refusal>> {
  const reserved = await approach(gate, knock)
  if (!reserved.ok) return reserved
  const { caller, ask } = reserved.value.permit

  const tokens = gate.tokensOf(caller.session.id)
  const strange = strangeToken(ask, tokens)
  if (strange !== null) return turnBack(gate, knock, caller, meaningless(strange), ask)

  const fetched = await gate.fetch(reserved.value)
  if (!fetched.ok) return turnBack(gate, knock, caller, fetched.refusal, ask)

  const draft = draftOf(gate, fetched.value, tokens)
  return lodge(gate, knock, caller, {
    entry: prepared(knock, fetched.value, draft, gate.newId('salt')),
    grants: [],
    keep: () => gate.drafts.keep(draft),
    told: { id: draft.id, state: 'prepared', waitsFor: 'your person, in the console' },
  })
}

/** A token in the agent's text that this session never gave: another session's, altered or made up. */
function strangeToken({ given }: Ask, tokens: Tokens): string | null {
  for (const value of Object.values(given))
    for (const [token, entity = ''] of String(value).matchAll(TOKEN)) if (tokens.open(entity, token) === null) return token
  return null
}

const meaningless = (token: string): Refusal =>
  refusal('reference_meaningless', `\`${token.slice(0, 12)}…\` in the text is not a token from an answer of this session`)

function draftOf(gate: Gate, fetched: Fetched, tokens: Tokens): Draft {
  const { caller, ask } = fetched.reserved.permit
  const { session } = caller
  const { resource } = ask.operation
  const account = scalarOf(recordIn(fetched) ?? {}, resource.boundary)
  return {
    id: gate.newId('drf'),
    session: session.id,
    person: session.person,
    useCase: session.useCase,
    operation: ask.operation.name,
    key: String(scalarOf(recordIn(fetched) ?? {}, resource.key)),
    sealed: tokens.seal(DRAFT, canonical(ask.given)),
    createdAt: gate.clock(),
    ...(account === null ? {} : { account: String(account) }),
  }
}

function prepared(knock: Knock, fetched: Fetched, draft: Draft, salt: string): Entry {
  const { caller, ask, rule } = fetched.reserved.permit
  return {
    kind: 'draft.prepared',
    outcome: 'done',
    ...who(caller.session),
    correlation: knock.correlation,
    operation: draft.operation,
    digest: toBase64url(sha256(`${salt}${canonical(draft)}`)),
    detail: { draft: draft.id, asked: asked(ask), salt, ...(draft.account === undefined ? {} : { account: draft.account }), rule: rule.id },
  }
}
