import { parseSync } from 'oxc-parser'

/** A node of the ESTree that oxc-parser makes of TypeScript: `type`, its place in the text, and whatever its kind holds. */
export type Node = { readonly type: string; readonly start: number; readonly end: number } & Readonly<Record<string, unknown>>

/** A file as the checks see it. `path` is relative to the repository, with forward slashes. */
export type Source = { readonly path: string; readonly text: string }

export type Parsed = Source & {
  readonly program: Node
  readonly comments: readonly { readonly value: string; readonly start: number }[]
  /** Each node with its parents, nearest last, in the order of the text. */
  readonly nodes: readonly { readonly node: Node; readonly parents: readonly Node[] }[]
}

/** A file that does not parse is thrown: no check may pass over what it could not read. */
export function parse({ path, text }: Source): Parsed {
  const { program, comments, errors } = parseSync(path, text, { preserveParens: false })
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`)
  const root = program as unknown as Node
  return { path, text, program: root, comments, nodes: [...walk(root, [])] }
}

function* walk(node: Node, parents: readonly Node[]): Generator<{ readonly node: Node; readonly parents: readonly Node[] }> {
  yield { node, parents }
  const here = [...parents, node]
  for (const value of Object.values(node)) {
    for (const below of Array.isArray(value) ? value : [value]) if (isNode(below)) yield* walk(below, here)
  }
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

/** The child under `key`, when it is a node. */
export function child(node: Node | undefined, key: string): Node | undefined {
  const value = node?.[key]
  return isNode(value) ? value : undefined
}

/** The children under `key`, when it is a list. */
export function children(node: Node | undefined, key: string): readonly Node[] {
  const value = node?.[key]
  return Array.isArray(value) ? value.filter(isNode) : []
}

export const nameOf = (node: Node | undefined): string | undefined =>
  node && (node.type === 'Identifier' || node.type === 'PrivateIdentifier') && typeof node['name'] === 'string' ? node['name'] : undefined

/** What a string literal, or a template without holes, says. */
export function textOf(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal') return typeof node['value'] === 'string' ? node['value'] : undefined
  if (node?.type !== 'TemplateLiteral' || children(node, 'expressions').length > 0) return undefined
  const cooked = (children(node, 'quasis')[0]?.['value'] as { readonly cooked?: unknown } | undefined)?.cooked
  return typeof cooked === 'string' ? cooked : undefined
}

/** `a.b.c` as ['a', 'b', 'c'], looking through calls and tagged templates: `it.each(table)('…')` is ['it', 'each']. */
export function chain(node: Node | undefined): readonly string[] {
  if (node === undefined) return []
  if (node.type === 'MemberExpression') {
    const name = node['computed'] === true ? textOf(child(node, 'property')) : nameOf(child(node, 'property'))
    return [...chain(child(node, 'object')), name ?? '?']
  }
  if (node.type === 'CallExpression') return chain(child(node, 'callee'))
  if (node.type === 'TaggedTemplateExpression') return chain(child(node, 'tag'))
  if (node.type === 'ChainExpression') return chain(child(node, 'expression'))
  return [nameOf(node) ?? '?']
}

/** The line an offset stands in, from 1. */
export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

export const isFunction = (node: Node): boolean => ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type)

export const isTest = (path: string): boolean => /\.(test|contract)\.tsx?$/.test(path)

export const isCode = (path: string): boolean => /\.(ts|tsx|js|mjs|cjs)$/.test(path)
