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
import { type Question, resourceEntities, uid } from './decide.ts'
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

/** What of a question is the same whoever asks for the operation. */
type About = Pick<Question, 'action' | 'resource' | 'entities'>
const aboutFrom = ({ name, system, resource }: Operation): About => ({
  action: name,
  resource: uid('Resource', resource.name),
  entities: resourceEntities(system, resource.name),
})

/** What is the same for every ask of an operation in a session. `fetch`: without what its rows are chosen by. */
type Standing = { readonly cover: CoverOf; readonly covers: Readonly<Record<string, Cover>>; readonly fetch: readonly string[] }
function standingFrom(cover: CoverOf, { kind, returns, resource, sets }: Operation): Standing {
  const disclosed = kind === 'read' ? returns : []
  const shown = disclosed.filter((name) => cover(name) !== 'redact')
  const fetch = [resource.key, resource.boundary, resource.subject, ...shown, ...Object.keys(sets)]
  return { cover, covers: Object.freeze(Object.fromEntries(disclosed.map((name) => [name, cover(name)]))), fetch }
}

export type LocalTime = { readonly hour: number; readonly weekday: number }

export type Authorise = (caller: Caller, ask: Ask, at: LocalTime) => Outcome<Permit, Refusal>

/** `ownerOf`: whom to ask when no rule speaks: the use case's owner. Refuses `forbidden`, with the rule and its owner. */
export function authoriser(bundle: Bundle, ownerOf: (useCase: string) => string): Authorise {
  const decide = recaller(bundle)
  const abouts = new WeakMap<Operation, About>()
  const standings = lru<string, Standing>(2000)
  const aboutOf = (operation: Operation): About => {
    const known = abouts.get(operation) ?? aboutFrom(operation)
    abouts.set(operation, known)
    return known
  }
  const standingOf = (session: Session, operation: Operation): Standing => {
    const key = `${session.id}\n${operation.name}`
    const known = standings.get(key)
    if (known) return known
    const fresh = standingFrom(coversOf(bundle, session, operation), operation)
    standings.set(key, fresh)
    return fresh
  }

  return (caller, ask, at) => {
    const { session } = caller
    const { operation, input } = ask
    const decision = decide(session, {
      ...aboutOf(operation),
      context: { input, limit: ask.limit, hour: at.hour, weekday: at.weekday },
    })
    const rule = decision.rule ?? { id: 'no-rule', owner: ownerOf(session.useCase), reason: `no rule lets use case \`${session.useCase}\` do this` }
    if (!decision.allow) return refuse(refusal('forbidden', `\`${operation.name}\` is not permitted here: ${rule.reason}`, { rule }))

    const { cover, covers, fetch } = standingOf(session, operation)
    const blind = operation.args.find((arg) => arg.filter && input[arg.name] !== undefined && !mayFilterBy(cover, arg.filter.field, arg.type === 'token'))
    if (blind) {
      const reason = 'a field that may not be read may not be filtered by either'
      return refuse(
        refusal('forbidden', `\`${blind.name}\` cannot be used here: ${reason}`, { rule: { id: 'no-blind-filter', owner: ownerOf(session.useCase), reason } }),
      )
    }
    const rows = rowsOf(ask, session)
    return done(
      mint<Permit>({
        caller,
        ask,
        rows,
        accounts: confines(operation.resource, session),
        fetch: [...new Set([...fetch, ...fieldsOf(rows)])],
        covers,
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
