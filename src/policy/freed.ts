import { type PolicyJson, policyToJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { Bundle } from './bundle.ts'

type Part = 'principal' | 'context'

/**
 * Policies as if whatever they want of these parts of a request were met: a permit without those conditions, and no forbid that has any.
 * What some request could be permitted, they permit. Throws on a policy that does not parse: a bundle holds none.
 */
export function freed({ policies }: Pick<Bundle, 'policies'>, parts: readonly Part[]): Record<string, PolicyJson> {
  const free: Record<string, PolicyJson> = {}
  for (const [id, text] of Object.entries(policies)) {
    const answer = policyToJson(text)
    if (answer.type !== 'success') throw new Error(`validated policy ${id} does not parse`)
    const { effect, principal, conditions } = answer.json
    const left = conditions.filter((clause) => !mentions(parts, clause))
    const wantsWho = parts.includes('principal') && principal.op !== 'All'
    if (effect === 'forbid' && (wantsWho || left.length < conditions.length)) continue
    free[id] = { ...answer.json, conditions: left, ...(wantsWho ? { principal: { op: 'All' } } : {}) }
  }
  return free
}

const mentions = (parts: readonly string[], piece: unknown): boolean =>
  typeof piece === 'object' &&
  piece !== null &&
  (('Var' in piece && parts.includes(String(piece.Var))) || Object.values(piece).some((inner) => mentions(parts, inner)))
