import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs'
import { type Lru, lru } from '../base/lru.ts'
import type { Session } from '../model/principal.ts'
import type { Bundle } from './bundle.ts'
import { type Decision, decide, type Question } from './decide.ts'
import { type ContextReads, contextReads } from './reads.ts'

export type Decide = (session: Session, question: Question) => Decision

const QUESTIONS_PER_SESSION_MAX = 64

/**
 * `decide`, with what was decided before recalled. A decision depends on nothing but policies, session and question, and of a question's
 * context on nothing but the parts some policy looks at, and whether the schema admits it. INVARIANT: two questions have the same key
 * only if they differ in strings or whole numbers that no policy reads, and those the schema admits for any value. What is known of a
 * session goes with that very object: a token renewed, or a revocation, has it looked up and decided anew.
 */
export function recaller(bundle: Bundle): Decide {
  const reads = contextReads(bundle.policies)
  const known = new WeakMap<Session, Lru<string, Decision>>()
  const spelled = new WeakMap<Question['entities'], string>()
  return (session, question) => {
    const mine = known.get(session) ?? lru<string, Decision>(QUESTIONS_PER_SESSION_MAX)
    known.set(session, mine)
    const entities = spelled.get(question.entities) ?? JSON.stringify(question.entities)
    spelled.set(question.entities, entities)
    const key = keyOf(reads, question, entities)
    const held = mine.get(key)
    if (held) return held
    const fresh = decide(bundle, session, question)
    mine.set(key, fresh)
    return fresh
  }
}

function keyOf(reads: ContextReads, { action, resource, context }: Question, entities: string): string {
  const { input, ...rest } = context
  const parts = [keyed(reads, '', rest), isRecord(input) ? keyed(reads, 'input.', input) : input]
  return `${entities}\n${JSON.stringify([action, resource, parts])}`
}

/** Each part by its value where some policy reads it, else by its type where that is all the schema can look at. */
const keyed = (reads: ContextReads, above: string, parts: { readonly [name: string]: CedarValueJson }): readonly unknown[] =>
  Object.entries(parts).map(([name, value]) => [name, reads === null || reads.has(`${above}${name}`) ? [value] : (typeIf(value) ?? [value])])

const typeIf = (value: CedarValueJson): string | null => (typeof value === 'string' || Number.isSafeInteger(value) ? typeof value : null)

const isRecord = (value: CedarValueJson | undefined): value is { readonly [name: string]: CedarValueJson } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !('__entity' in value) && !('__extn' in value)
