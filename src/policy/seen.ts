import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import { fieldOf, type Operation } from '../catalogue/pack.ts'
import type { Bundle } from './bundle.ts'
import { fieldEntities, uid } from './decide.ts'
import { freed } from './freed.ts'

/** Whether some session could be shown a field in clear, whoever has it and whatever it asks. Where that cannot be told: yes. */
export function seenBySome(bundle: Bundle): (operation: Operation, field: string) => boolean {
  const policies = freed(bundle, ['principal', 'context'])
  return ({ system, resource }, name) => {
    const answer = isAuthorized({
      principal: uid('Session', 'any'),
      action: uid('Action', 'see'),
      resource: uid('Field', `${resource.name}.${name}`),
      context: {},
      // Without the schema, which wants a whole session: no policy left looks at one.
      validateRequest: false,
      policies: { staticPolicies: policies },
      entities: [...fieldEntities(system, resource.name, name, fieldOf(resource, name).class)],
    })
    return answer.type !== 'success' || answer.response.diagnostics.errors.length > 0 || answer.response.decision === 'allow'
  }
}
