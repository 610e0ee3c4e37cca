import { type AuthorizationAnswer, type CedarValueJson, type EntityJson, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import type { Session } from '../model/principal.ts'
import type { Rule } from '../model/refusal.ts'
import type { Bundle } from './bundle.ts'

export type Question = {
  readonly action: string
  readonly resource: { readonly type: string; readonly id: string }
  readonly context: Record<string, CedarValueJson>
  /** Never altered once asked with: what was decided is recalled by the very object. */
  readonly entities: readonly EntityJson[]
}

/** `rule` is what decided: a permit or forbid by name, or null when no rule spoke and absence denied. */
export type Decision = { readonly allow: boolean; readonly rule: Rule | null }

const OURS = 'Gatehouse::'
const POLICY_ERROR: Rule = { id: 'policy-error', owner: 'security', reason: 'a policy could not be evaluated, and what cannot be judged is denied' }

/**
 * One decision. Cedar skips a `forbid` that errors, so any diagnostic at all is a denial here, and so is a request the
 * schema does not describe.
 */
export function decide(bundle: Bundle, session: Session, question: Question): Decision {
  const answer = statefulIsAuthorized({
    principal: { type: `${OURS}Session`, id: session.id },
    action: { type: `${OURS}Action`, id: question.action },
    resource: question.resource,
    context: question.context,
    preparsedSchemaName: bundle.serial,
    validateRequest: true,
    preparsedPolicySetId: bundle.serial,
    entities: [...sessionEntities(session), ...question.entities],
  })
  return judge(bundle, answer)
}

/** @internal */
export function judge(bundle: Bundle, answer: AuthorizationAnswer): Decision {
  if (answer.type !== 'success' || answer.response.diagnostics.errors.length > 0) return { allow: false, rule: POLICY_ERROR }
  const { decision, diagnostics } = answer.response
  const rule = diagnostics.reason.toSorted().map((id) => bundle.rules[id])[0] ?? null
  return { allow: decision === 'allow' && rule !== null, rule }
}

export const uid = (type: string, id: string) => ({ type: `${OURS}${type}`, id })

const entity = (type: string, id: string, attrs: Record<string, CedarValueJson> = {}, parents: readonly EntityJson['uid'][] = []): EntityJson => ({
  uid: uid(type, id),
  attrs,
  parents: [...parents],
})

export const fieldEntities = (system: string, resource: string, name: string, fieldClass: string): readonly EntityJson[] => [
  entity('Field', `${resource}.${name}`, { resource, name }, [uid('Resource', resource), uid('FieldClass', fieldClass)]),
  ...resourceEntities(system, resource),
]

export const resourceEntities = (system: string, resource: string): readonly EntityJson[] => [entity('Resource', resource, {}, [uid('System', system)])]

export const sessionEntities = (session: Session): readonly EntityJson[] => [
  entity(
    'Person',
    session.person,
    {},
    session.groups.map((group) => uid('Group', group)),
  ),
  entity('Session', session.id, {
    person: { __entity: uid('Person', session.person) },
    useCase: { __entity: uid('UseCase', session.useCase) },
    accounts: [...session.accounts],
    device: session.device,
    agent: { ...session.agent },
    posture: { ...session.posture },
  }),
]
