import type { Json } from '../base/canonical.ts'
import type { Ask } from '../catalogue/ask.ts'
import { type Argument, type Catalogue, fieldOf } from '../catalogue/pack.ts'
import type { Caller } from '../identity/authenticate.ts'
import type { Entry } from '../journal/entry.ts'
import type { Disclosable } from '../limits/disclose.ts'
import type { Cover } from '../model/cover.ts'
import type { Session } from '../model/principal.ts'
import type { Refusal } from '../model/refusal.ts'
import type { Knock } from './gate.ts'

/** The entry of an answer: who asked what by which rule, about which accounts, which fields left how, and the digest of what left. No value. */
export function answered(knock: Knock, { covered, digest, salt, subjects, prices }: Disclosable): Entry {
  const { permit, rows, sources } = covered
  const { ask, rule, serial, covers } = permit
  return {
    kind: 'ask.answered',
    outcome: 'done',
    ...who(permit.caller.session),
    correlation: knock.correlation,
    operation: ask.operation.name,
    digest,
    detail: {
      asked: asked(ask),
      ...(salt === null ? {} : { salt }),
      ...(ask.operation.resource.confinedTo === 'account' ? { concerns: [...new Set(sources.map(({ account }) => account))] } : {}),
      rows: rows.length,
      ...byCover(covers),
      rule: rule.id,
      policy: serial,
      subjects,
      prices,
    },
  }
}

/** The entry of a refusal. The operation is named only when it exists, arguments once they were understood: what a stranger typed is not kept. */
export function refused(catalogue: Catalogue, knock: Knock, caller: Caller | null, refusal: Refusal, ask?: Ask): Entry {
  const { rule } = refusal
  return {
    kind: 'ask.refused',
    outcome: refusal.code,
    ...(caller ? who(caller.session) : {}),
    correlation: knock.correlation,
    ...(Object.hasOwn(catalogue.operations, knock.operation) ? { operation: knock.operation } : {}),
    detail: { ...(ask ? { asked: asked(ask) } : {}), ...(rule ? { rule: rule.id, owner: rule.owner, reason: rule.reason } : {}) },
  }
}

/** Arguments that may stand in the journal: tokens, and values of open fields. Of the rest only that they were given. */
export function asked({ operation, given }: Ask): { readonly [name: string]: Json } {
  const open = (arg: Argument) => arg.type === 'token' || (arg.filter !== undefined && fieldOf(operation.resource, arg.filter.field).class === 'open')
  return Object.fromEntries(operation.args.flatMap((arg) => (given[arg.name] === undefined ? [] : [[arg.name, open(arg) ? (given[arg.name] ?? null) : '…']])))
}

export const who = (session: Session) => ({ session: session.id, person: session.person, device: session.device })

function byCover(covers: Readonly<Record<string, Cover>>): { readonly [how: string]: Json } {
  const lists: Record<string, string[]> = {}
  for (const [name, how] of Object.entries(covers)) lists[how] = [...(lists[how] ?? []), name]
  return lists
}
