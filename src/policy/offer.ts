import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import type { Operation } from '../catalogue/pack.ts'
import type { Session } from '../model/principal.ts'
import type { Bundle } from './bundle.ts'
import { resourceEntities, sessionEntities, uid } from './decide.ts'
import { freed } from './freed.ts'

/** Whether a session could ever be permitted an operation, whatever its arguments and the hour. */
export type MayOffer = (session: Session, operation: Operation) => boolean

/** Offers what some ask could be permitted. It only decides what an agent is shown; every ask is authorised for itself. */
export function offerer(bundle: Bundle): MayOffer {
  const policies = freed(bundle, ['context'])
  return (session, operation) => {
    const answer = isAuthorized({
      principal: uid('Session', session.id),
      action: uid('Action', operation.name),
      resource: uid('Resource', operation.resource.name),
      context: {},
      // Without the schema, which the empty context would not fit: no policy left looks at the context. What the schema knows
      // of the action's group therefore comes with the entities, or a rule on the group would never match.
      validateRequest: false,
      policies: { staticPolicies: policies },
      entities: [
        ...sessionEntities(session),
        ...resourceEntities(operation.system, operation.resource.name),
        { uid: uid('Action', operation.name), attrs: {}, parents: [uid('Action', operation.kind)] },
      ],
    })
    return answer.type === 'success' && answer.response.diagnostics.errors.length === 0 && answer.response.decision === 'allow'
  }
}
