import { policySetTextToParts, policyToJson, preparsePolicySet, preparseSchema, validate } from '@cedar-policy/cedar-wasm/nodejs'
import { toHex } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import type { Rule } from '../model/refusal.ts'

export type PolicyFault = { readonly file: string; readonly line: number; readonly message: string }

export type PolicyFile = { readonly file: string; readonly text: string }

/** Policies that parse, validate against the schema, and can each be named: id, owner and reason are mandatory. */
export type Bundle = {
  /** Digest of schema and policies: the name cedar-wasm keeps them under, and what a decision's journal entry names. */
  readonly serial: string
  readonly rules: Readonly<Record<string, Rule>>
  readonly schema: string
  readonly policies: Readonly<Record<string, string>>
}

/** INVARIANT: an id is an own key of the objects that name policies. `__proto__` would not be one: that policy would be gone, a forbid too. */
const ID = /^[a-z][a-z0-9-]{0,63}$/

/** Reads policies and makes them ready to decide with, or lists every fault. */
export function readBundle(schema: string, files: readonly PolicyFile[]): { readonly bundle: Bundle; readonly faults: readonly PolicyFault[] } {
  const faults: PolicyFault[] = files.length === 0 ? [{ file: 'policies', line: 1, message: 'no policy file found' }] : []
  const policies: Record<string, string> = {}
  const rules: Record<string, Rule> = {}
  const places: Record<string, { file: string; line: number }> = {}

  for (const { file, text } of files) {
    const parts = policySetTextToParts(text)
    if (parts.type === 'failure') {
      for (const error of parts.errors) faults.push({ file, line: lineOf(text, error.sourceLocations?.[0]?.start ?? 0), message: error.message })
      continue
    }
    if (parts.policy_templates.length > 0) faults.push({ file, line: 1, message: 'templates are not supported' })
    /** Where to look for a text that came before: the same policy twice stands in two places. */
    const next = new Map<string, number>()
    for (const policy of parts.policies) {
      const offset = text.indexOf(policy, next.get(policy))
      next.set(policy, offset + 1)
      const line = lineOf(text, Math.max(0, offset))
      const { id, owner, reason } = annotationsOf(policy)
      if (id && !ID.test(id)) faults.push({ file, line, message: `\`${id}\` is no @id: lower-case letters, digits and dashes, at most 64` })
      else if (!id || !owner || !reason) faults.push({ file, line, message: 'a policy needs @id, @owner and @reason: a refusal names them' })
      else if (Object.hasOwn(policies, id)) faults.push({ file, line, message: `a policy \`${id}\` exists already` })
      else {
        policies[id] = policy
        rules[id] = { id, owner, reason }
        places[id] = { file, line }
      }
    }
  }
  const serial = toHex(sha256(JSON.stringify([schema, policies]))).slice(0, 16)
  const answer = validate({ schema, policies: { staticPolicies: policies }, validationSettings: { mode: 'strict' } })
  if (answer.type === 'failure') faults.push(...answer.errors.map((error) => ({ file: 'schema', line: 1, message: error.message })))
  else
    for (const { policyId, error } of [...answer.validationErrors, ...answer.validationWarnings])
      faults.push({ ...(places[policyId] ?? { file: 'policies', line: 1 }), message: `\`${policyId}\`: ${error.message.replace(/^for policy `[^`]*`, /, '')}` })
  if (faults.length === 0) prepare(serial, schema, policies)
  return { bundle: { serial, rules, schema, policies }, faults }
}

function prepare(serial: string, schema: string, policies: Record<string, string>): void {
  const prepared = [preparseSchema(serial, schema), preparsePolicySet(serial, { staticPolicies: policies })]
  for (const answer of prepared) if (answer.type === 'failure') throw new Error(`validated policies do not prepare: ${answer.errors[0]?.message}`)
}

function annotationsOf(policy: string): Readonly<Record<string, string | undefined>> {
  const json = policyToJson(policy)
  return json.type === 'success' ? (json.json.annotations ?? {}) : {}
}

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length
