import { type Brand, mint } from '../base/brand.ts'
import { lru } from '../base/lru.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Ask } from '../catalogue/ask.ts'
import type { Operation } from '../catalogue/pack.ts'
import type { Caller } from '../identity/authenticate.ts'
import type { Cover } from '../model/cover.ts'
import { fieldsOf, type Predicate } from '../model/predicate.ts'
import type { Session } from '../model/principal.ts'
import { type Refusal, type Rule, refusal } from '../model/refusal.ts'
import type { Bundle } from './bundle.ts'
import { type CoverOf, coversOf } from './covers.ts'
import { resourceEntities, uid } from './decide.ts'
import { recaller } from './recall.ts'
import { confines, rowsOf } from './rows.ts'

/**
 * Leave to do exactly this ask: the rows, the fields to fetch, the fewer fields to disclose and how each is covered.
 * INVARIANT: `fetch` holds every field of `rows` and every disclosed field that is not redacted; never a secret one.
 */
export type Permit = Brand<
  {
    readonly caller: Caller
    readonly ask: Ask
    readonly rows: Predicate
    /** Accounts the source must confine itself to. */
    readonly accounts: readonly string[]
    readonly fetch: readonly string[]
    readonly covers: Readonly<Record<string, Cover>>
    readonly rule: Rule
    readonly serial: string
  },
  'Permit'
>

export type LocalTime = { readonly hour: number; readonly weekday: number }

export type Authorise = (caller: Caller, ask: Ask, at: LocalTime) => Outcome<Permit, Refusal>

/** `ownerOf`: whom to ask when no rule speaks: the use case's owner. Refuses `forbidden`, with the rule and its owner. */
export function authoriser(bundle: Bundle, ownerOf: (useCase: string) => string): Authorise {
  const decide = recaller(bundle)
  const covers = lru<string, CoverOf>(2000)
  const coversFor = (session: Session, operation: Operation): CoverOf => {
    const key = `${session.id}\n${operation.name}`
    const known = covers.get(key)
    if (known) return known
    const fresh = coversOf(bundle, session, operation)
    covers.set(key, fresh)
    return fresh
  }

  return (caller, ask, at) => {
    const { session } = caller
    const { operation, input } = ask
    const decision = decide(session, {
      action: operation.name,
      resource: uid('Resource', operation.resource.name),
      context: { input, limit: ask.limit, hour: at.hour, weekday: at.weekday },
      entities: resourceEntities(operation.system, operation.resource.name),
    })
    const rule = decision.rule ?? { id: 'no-rule', owner: ownerOf(session.useCase), reason: `no rule lets use case \`${session.useCase}\` do this` }
    if (!decision.allow) return refuse(refusal('forbidden', `\`${operation.name}\` is not permitted here: ${rule.reason}`, { rule }))

    const cover = coversFor(session, operation)
    const blind = operation.args.find((arg) => arg.filter && input[arg.name] !== undefined && !mayFilterBy(cover, arg.filter.field, arg.type === 'token'))
    if (blind) {
      const reason = 'a field that may not be read may not be filtered by either'
      return refuse(
        refusal('forbidden', `\`${blind.name}\` cannot be used here: ${reason}`, { rule: { id: 'no-blind-filter', owner: ownerOf(session.useCase), reason } }),
      )
    }
    const rows = rowsOf(ask, session)
    const disclosed = operation.kind === 'read' ? operation.returns : []
    const shown = disclosed.filter((name) => cover(name) !== 'redact')
    const fetch = [
      ...new Set([
        operation.resource.key,
        operation.resource.boundary,
        operation.resource.subject,
        ...fieldsOf(rows),
        ...shown,
        ...Object.keys(operation.sets),
      ]),
    ]
    return done(
      mint<Permit>({
        caller,
        ask,
        rows,
        accounts: confines(operation.resource, session),
        fetch,
        covers: Object.fromEntries(disclosed.map((name) => [name, cover(name)])),
        rule,
        serial: bundle.serial,
      }),
    )
  }

  function mayFilterBy(cover: CoverOf, field: string, byToken: boolean): boolean {
    const how = cover(field)
    return how === 'clear' || (byToken && how === 'token')
  }
}
