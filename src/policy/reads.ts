import { policyToJson } from '@cedar-policy/cedar-wasm/nodejs'

/** Parts of a request's context that some policy looks at: `hour`, `input.status`. Null when that cannot be told part by part. */
export type ContextReads = ReadonlySet<string> | null

/**
 * Reads of all policies together. Every way to the context begins at the variable `context`, so each occurrence of it is either at the
 * foot of a chain of attributes, which names the part, or the whole is taken for read. Throws on a policy that does not parse: a
 * bundle holds none.
 */
export function contextReads(policies: Readonly<Record<string, string>>): ContextReads {
  const found = Object.values(policies).map((text) => {
    const answer = policyToJson(text)
    if (answer.type !== 'success') throw new Error('a validated policy does not parse')
    return readsIn(answer.json.conditions)
  })
  return found.includes(null) ? null : new Set(found.flatMap((parts) => parts ?? []))
}

function readsIn(expression: unknown): readonly string[] | null {
  if (typeof expression !== 'object' || expression === null) return []
  const path = pathOf(expression)
  if (path !== null) return partOf(path)
  const inside = Object.values(expression).map(readsIn)
  return inside.includes(null) ? null : inside.flatMap((parts) => parts ?? [])
}

/** The attributes from `context` on, outermost first, that an expression gets or asks for; null when it is another expression. */
function pathOf(expression: object): readonly string[] | null {
  if ('Var' in expression) return expression.Var === 'context' ? [] : null
  const step = ('.' in expression && expression['.']) || ('has' in expression && expression.has)
  if (typeof step !== 'object' || step === null || !('left' in step) || !('attr' in step)) return null
  const { left, attr } = step
  const path = typeof left === 'object' && left !== null ? pathOf(left) : null
  return path && [...path, ...[attr].flat().map(String)]
}

/** Null: all of the context, or all of the input in it. */
function partOf([first, second]: readonly string[]): readonly string[] | null {
  if (first === undefined) return null
  if (first !== 'input') return [first]
  return second === undefined ? null : [`input.${second}`]
}
