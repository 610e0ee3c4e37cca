import { posix } from 'node:path'
import { chain, child, children, lineAt, type Node, type Parsed, textOf } from './syntax.ts'

/** One module a file names. `target` is a path in the repository for relative names (queries such as `?raw` cut), else the name itself; null: it cannot be read off. */
export type Import = { readonly target: string | null; readonly relative: boolean; readonly typeOnly: boolean; readonly line: number }

/**
 * Every module a file names: imports, re-exports, `import()`, `import('…').Type`, `import x = require()`, `require()` and
 * `new URL('./x.ts', import.meta.url)`, which is how workers are started. `import { type A }` counts as a value import, since
 * `verbatimModuleSyntax` keeps the module loaded; `import type { A }` is the type-only form.
 */
export const importsOf = (file: Parsed): readonly Import[] =>
  file.nodes.flatMap(({ node }) => {
    const named = request(node)
    if (named === undefined) return []
    const name = textOf(named.source)
    const relative = name?.startsWith('.') ?? false
    const target = name === undefined ? null : relative ? posix.join(posix.dirname(file.path), name.replace(/\?.*$/, '')) : name
    return [{ target, relative, typeOnly: named.typeOnly, line: lineAt(file.text, node.start) }]
  })

function request(node: Node): { readonly source: Node | undefined; readonly typeOnly: boolean } | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
      return { source: child(node, 'source'), typeOnly: node['importKind'] === 'type' }
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return child(node, 'source') && { source: child(node, 'source'), typeOnly: node['exportKind'] === 'type' }
    case 'ImportExpression':
      return { source: child(node, 'source'), typeOnly: false }
    case 'TSImportType':
      return { source: child(node, 'source'), typeOnly: true }
    case 'TSExternalModuleReference':
      return { source: child(node, 'expression'), typeOnly: false }
    case 'CallExpression':
      return calls(node, 'require') ? { source: children(node, 'arguments')[0], typeOnly: false } : undefined
    case 'NewExpression':
      return besideThisFile(node) ? { source: children(node, 'arguments')[0], typeOnly: false } : undefined
    default:
      return undefined
  }
}

const calls = (node: Node, name: string): boolean => chain(child(node, 'callee')).join('.') === name

/** `new URL('./x.ts', import.meta.url)` naming code; other files beside this one are data, not imports. */
function besideThisFile(node: Node): boolean {
  const [name, base] = children(node, 'arguments')
  if (!calls(node, 'URL') || child(base, 'object')?.type !== 'MetaProperty') return false
  return /\.(ts|tsx|js|mjs)$/.test(textOf(name) ?? '')
}
