import type { Ask } from '../catalogue/ask.ts'
import { fieldOf, type Resource } from '../catalogue/pack.ts'
import type { Predicate } from '../model/predicate.ts'
import type { Session } from '../model/principal.ts'

/**
 * The rows of an ask: those of the session's accounts, narrowed by the arguments. The boundary comes first and always; no
 * account means no row.
 */
export function rowsOf(ask: Ask, session: Session): Predicate {
  const { operation, input } = ask
  const all: Predicate[] = [{ op: 'in', field: operation.resource.boundary, values: confines(operation.resource, session) }]
  for (const arg of operation.args) {
    const value = input[arg.name]
    if (arg.filter && value !== undefined) all.push({ op: arg.filter.op, field: arg.filter.field, value })
  }
  if (ask.after !== null)
    all.push({
      op: 'gt',
      field: operation.resource.key,
      value: fieldOf(operation.resource, operation.resource.key).type === 'integer' ? Number(ask.after) : ask.after,
    })
  return { op: 'and', all }
}

/** Whose rows a session may have of a resource: values of its boundary field. */
export const confines = (resource: Resource, session: Session): readonly string[] => (resource.confinedTo === 'session' ? [session.id] : session.accounts)
