import type { Clock } from '../base/clock.ts'
import type { Outcome } from '../base/outcome.ts'
import type { Ask, ParseAsk } from '../catalogue/ask.ts'
import type { Catalogue } from '../catalogue/pack.ts'
import type { ChangeStore } from '../changes/change-store.ts'
import type { DraftStore } from '../changes/draft.ts'
import type { Fetch } from '../connectors/fetch.ts'
import type { Caller } from '../identity/authenticate.ts'
import type { Grants } from '../journal/authority.ts'
import type { Record } from '../journal/record.ts'
import type { Disclose } from '../limits/disclose.ts'
import type { Reserve } from '../limits/reserve.ts'
import type { InTurn } from '../limits/waiting.ts'
import type { Tokens } from '../mask/token.ts'
import type { Refusal } from '../model/refusal.ts'
import type { Authorise, LocalTime } from '../policy/authorise.ts'

/** One HTTP request as a door hands it over: nothing of it is believed yet. Its proof is checked once, whoever asks first. */
export type Knock = {
  readonly operation: string
  readonly input: unknown
  readonly correlation: string
  readonly authenticate: () => Promise<Outcome<Caller, Refusal>>
}

/** Everything the path of an ask needs, made in `bin/`. */
export type Gate = {
  readonly catalogue: Catalogue
  readonly parse: ParseAsk
  readonly authorise: Authorise
  readonly reserve: Reserve
  readonly inTurn: InTurn
  readonly fetch: Fetch
  readonly tokensOf: (session: string) => Tokens
  readonly disclose: Disclose
  readonly record: Record
  readonly grant: Grants
  /** True once the session is revoked: asked again at the last moment. */
  readonly isRevoked: (session: string) => boolean
  /** Refuses `journal_unwitnessed` while nobody outside has seen the journal for too long: then nothing is written or approved. */
  readonly mayWrite: () => Outcome<null, Refusal>
  readonly changes: ChangeStore
  readonly drafts: DraftStore
  readonly newId: (prefix: string) => string
  readonly clock: Clock
  readonly localTime: (now: number) => LocalTime
}

/** The ask of a knock, for its caller: the session's own tokens opened. */
export const parse = (gate: Gate, knock: Knock, caller: Caller): Outcome<Ask, Refusal> =>
  gate.parse(knock.operation, knock.input, gate.tokensOf(caller.session.id).open)
