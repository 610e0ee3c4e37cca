import { child, children, isFunction, lineAt, type Node, nameOf, type Parsed } from './syntax.ts'

/** Names that reach the world: time, chance, network, process. */
const WORLD = new Set(
  'process fetch globalThis console performance crypto navigator WebSocket EventSource XMLHttpRequest Worker setTimeout setInterval setImmediate require eval'.split(
    ' ',
  ),
)

/** Nodes of the type grammar that hold a value all the same. */
const STILL_VALUES = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
  'TSExportAssignment',
])
const PATTERNS = new Set(['ObjectPattern', 'ArrayPattern', 'Property', 'AssignmentPattern', 'RestElement'])

type Placed = Parsed['nodes'][number]

/** Where a file reads the clock, chance or the world. `new Date(text)`, `Date.parse` and `Date.UTC` only calculate; a local of its own that is named `fetch` is no use of the global. */
export function worldlyUses(file: Parsed): readonly { readonly line: number; readonly use: string }[] {
  const named = file.nodes.filter((placed) => reaches(placed))
  const locals = named.flatMap((placed) => {
    const scope = scopeBoundBy(placed)
    return scope === undefined ? [] : [{ name: nameOf(placed.node), scope }]
  })
  const isLocal = ({ node, parents }: Placed): boolean => locals.some(({ name, scope }) => name === nameOf(node) && parents.includes(scope))
  return named
    .filter((placed) => !isLocal(placed))
    .map(({ node, parents }) => {
      const accessed = member(parents.at(-1))
      return { line: lineAt(file.text, node.start), use: [nameOf(node), accessed].filter((part) => part !== undefined).join('.') }
    })
}

function reaches({ node, parents }: Placed): boolean {
  const name = nameOf(node)
  const parent = parents.at(-1)
  if (name === undefined || parent === undefined || isOnlyAName(node, parent)) return false
  return WORLD.has(name) || (name === 'Date' && !calculates(parent)) || (name === 'Math' && ['random', '[…]'].includes(member(parent) ?? ''))
}

/** A property's key, a member after the dot, or a name in a type. */
function isOnlyAName(node: Node, parent: Node): boolean {
  if (parent.type.startsWith('TS')) return !STILL_VALUES.has(parent.type)
  if (parent.type === 'MemberExpression') return parent['property'] === node && parent['computed'] !== true
  if (parent.type === 'ImportSpecifier') return parent['local'] !== node
  return parent['key'] === node && parent['computed'] !== true
}

const calculates = (parent: Node): boolean =>
  (parent.type === 'NewExpression' && children(parent, 'arguments').length > 0) ||
  (parent.type === 'BinaryExpression' && parent['operator'] === 'instanceof') ||
  ['parse', 'UTC'].includes(member(parent) ?? '')

const member = (parent: Node | undefined): string | undefined =>
  parent?.type === 'MemberExpression' ? (parent['computed'] === true ? '[…]' : nameOf(child(parent, 'property'))) : undefined

/** The part of the tree in which this name is a local, when this is where it is declared. */
function scopeBoundBy({ node, parents }: Placed): Node | undefined {
  let at = parents.length - 1
  let inner = node
  for (let up = parents[at]; up && PATTERNS.has(up.type); up = parents[--at]) {
    if (up.type === 'AssignmentPattern' && up['right'] === inner) return undefined
    inner = up
  }
  const up = parents[at]
  if (up === undefined) return undefined
  if (isFunction(up) && children(up, 'params').includes(inner)) return up
  const declares =
    (up.type === 'VariableDeclarator' && up['id'] === inner) ||
    (up.type === 'FunctionDeclaration' && up['id'] === inner) ||
    (up.type === 'CatchClause' && up['param'] === inner) ||
    (up.type.startsWith('Import') && up['local'] === inner)
  return declares
    ? parents.slice(0, at).findLast((above) => isFunction(above) || /^(Program|BlockStatement|For\w*Statement|TryStatement)$/.test(above.type))
    : undefined
}
