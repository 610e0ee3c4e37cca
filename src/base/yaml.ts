import { isScalar, LineCounter, type ParsedNode, parseDocument, visit } from 'yaml'
import type { z } from 'zod'

export type YamlFault = { readonly line: number; readonly message: string }

/** A YAML text (1.2) as plain values; `value` is null where there are faults. `lineOf`: the line of the nearest node that exists on the way to a path. */
export type Yaml = { readonly value: unknown; readonly faults: readonly YamlFault[]; readonly lineOf: (path: readonly PropertyKey[]) => number }

/**
 * Reads a text that people write. Faults, each with its line: what is not YAML, a key twice, an alias that stands for nothing or for too much, and the key
 * `__proto__`, which whoever checks shapes would pass over without a word. A fault quotes nothing of the text: it may be where somebody put a secret.
 */
export function readYaml(text: string): Yaml {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, logLevel: 'error' })
  const lineAt = (offset: number | undefined): number => lines.linePos(offset ?? 0).line
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as ParsedNode | undefined
      if (node?.range) return lineAt(node.range[0])
    }
    return 1
  }
  const faults: YamlFault[] = document.errors.map(({ pos, message }) => ({ line: lineAt(pos[0]), message: withoutQuotes(message) }))
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === '__proto__') faults.push({ line: lineAt(key.range?.[0]), message: '`__proto__` is no name' })
    },
  })
  if (faults.length > 0) return { value: null, faults, lineOf }
  try {
    return { value: document.toJS(), faults, lineOf }
  } catch {
    return { value: null, faults: [{ line: 1, message: 'an alias (`*name`) stands for nothing, or for too much' }], lineOf }
  }
}

/** What a shape found wrong with the values, each at its line; of a name that may not be, why not. */
export const shapeFaults = ({ lineOf }: Yaml, { issues }: z.ZodError): readonly YamlFault[] =>
  issues.map((issue) => {
    const message = issue.code === 'invalid_key' ? issue.issues.map((inner) => inner.message).join(', ') : issue.message
    return { line: lineOf(issue.path), message: `${issue.path.join('.')}: ${message}` }
  })

/** The first line of the parser's message: the others show the text, and so does what it puts in quotes. */
const withoutQuotes = (message: string): string => (message.split('\n')[0] ?? '').replace(/: ".*"(?= at line)/, '').replace(/:$/, '')
