import { fieldOf, type Operation } from '../catalogue/pack.ts'
import type { Cover } from '../model/cover.ts'
import type { Session } from '../model/principal.ts'
import type { Bundle } from './bundle.ts'
import { decide, fieldEntities, uid } from './decide.ts'

/** How a field of the operation's resource leaves for this session. A field not asked for is redacted. */
export type CoverOf = (field: string) => Cover

/**
 * The covers of one operation in one session. The best a policy permits, in the order clear, token, hint; nothing said is
 * redaction, and a secret field is redacted whatever is said. Constant for a session and a policy serial: cache it.
 */
export function coversOf(bundle: Bundle, session: Session, operation: Operation): CoverOf {
  const { resource } = operation
  const asked = new Set([...operation.returns, ...operation.args.flatMap((arg) => (arg.filter ? [arg.filter.field] : []))])
  const covers = new Map<string, Cover>()
  for (const name of asked) {
    const field = fieldOf(resource, name)
    const may = (action: string): boolean =>
      decide(bundle, session, {
        action,
        resource: uid('Field', `${resource.name}.${name}`),
        context: { operation: operation.name },
        entities: fieldEntities(operation.system, resource.name, name, field.class),
      }).allow
    if (field.class === 'secret') covers.set(name, 'redact')
    else if (may('see')) covers.set(name, 'clear')
    else if (field.refers !== undefined && may('refer')) covers.set(name, 'token')
    else covers.set(name, may('hint') ? 'partial' : 'redact')
  }
  return (name) => covers.get(name) ?? 'redact'
}
