import { type Ban, nodesWhere } from './ban.ts'
import { chain, child, children, isFunction, isTest, type Node, nameOf, type Parsed, textOf } from './syntax.ts'

const SUITES = ['it', 'test', 'describe', 'suite']
const ofTests = (path: string): boolean => isTest(path) || path.startsWith('test/')

/** Bans in tests. */
export const TEST_BANS: readonly Ban[] = [
  {
    why: '.only, .skip, .todo and .fails let a suite pass that did not run; where a platform truly lacks the thing, `it.skipIf(…)` with `skipped aloud` in its title',
    where: ofTests,
    find: nodesWhere(({ node, parents }) => silences(node) && !(isConditional(node) && /skipped aloud/.test(titleOf(parents)))),
  },
  {
    why: 'expect() of a constant asserts nothing',
    where: ofTests,
    find: nodesWhere(
      ({ node }) => node.type === 'CallExpression' && nameOf(child(node, 'callee')) === 'expect' && children(node, 'arguments')[0]?.type === 'Literal',
    ),
  },
  {
    why: 'a test without an expectation passes whatever the code does; say what must hold (or name the helper that does expect…, assert…)',
    where: ofTests,
    find: nodesWhere(({ node }, file) => isCase(node) && !bodiesOf(node, file).some((body) => expects(body, file, new Set()))),
  },
  {
    why: 'a sleep of over a second in a test is a guess at how long something takes; wait for the thing itself (vi.waitFor, an event)',
    where: ofTests,
    find: nodesWhere(({ node, parents }) => sleepMilliseconds(node, parents) > 1000),
  },
  {
    why: 'a mock of our own code is kinder than the code; pass a small working part in, or start a fake server of test/fakes',
    where: ofTests,
    find: nodesWhere(({ node }) => node.type === 'CallExpression' && ['vi.mock', 'vi.doMock'].includes(chain(node).join('.'))),
  },
]

function silences(node: Node): boolean {
  const names = chain(node)
  if (node.type === 'MemberExpression') {
    const last = names.at(-1) ?? ''
    return [...SUITES, 'ctx', 'context', 'task'].includes(names[0] ?? '') && ['only', 'skip', 'todo', 'fails', 'skipIf', 'runIf'].includes(last)
  }
  const options = node.type === 'CallExpression' && SUITES.includes(names[0] ?? '') ? children(node, 'arguments')[1] : undefined
  return children(options, 'properties').some((property) => ['only', 'skip', 'todo', 'fails'].includes(nameOf(child(property, 'key')) ?? ''))
}

const isConditional = (node: Node): boolean => node.type === 'MemberExpression' && ['skipIf', 'runIf'].includes(chain(node).at(-1) ?? '')

/** What the calls around a `.skipIf` are told first: `it.skipIf(there)('title', …)`. */
const titleOf = (parents: readonly Node[]): string =>
  parents
    .slice(-4)
    .map((parent) => textOf(children(parent, 'arguments')[0]) ?? '')
    .join(' ')

/** A call that hands a case's body to the runner: `it('…', body)`, `it.each(table)('…', body)`. */
const isCase = (node: Node): boolean =>
  node.type === 'CallExpression' &&
  ['it', 'test'].includes(chain(node)[0] ?? '') &&
  children(node, 'arguments').length > 1 &&
  textOf(children(node, 'arguments')[0]) !== undefined

const bodiesOf = (node: Node, file: Parsed): readonly Node[] =>
  children(node, 'arguments')
    .slice(1)
    .flatMap((argument) => (isFunction(argument) ? [argument] : definitionsOf(nameOf(argument), file)))

/** Whether something under the node expects: by itself, or through a function of this file. */
function expects(body: Node, file: Parsed, seen: Set<string>): boolean {
  return file.nodes.some(({ node }) => {
    if (node.type !== 'CallExpression' || node.start < body.start || node.end > body.end) return false
    const names = chain(node)
    if (names.some((name) => /^(expect|assert)/.test(name))) return true
    const called = names[0] ?? ''
    if (names.length > 1 || seen.has(called)) return false
    seen.add(called)
    return definitionsOf(called, file).some((definition) => expects(definition, file, seen))
  })
}

const definitionsOf = (name: string | undefined, file: Parsed): readonly Node[] =>
  file.nodes.flatMap(({ node }) =>
    name !== undefined && nameOf(child(node, 'id')) === name && ['FunctionDeclaration', 'VariableDeclarator'].includes(node.type) ? [node] : [],
  )

/** How long a call merely waits; 0 for a deadline that ends something (its callback rejects, kills or throws). */
function sleepMilliseconds(node: Node, parents: readonly Node[]): number {
  if (node.type !== 'CallExpression') return 0
  const [first, second] = children(node, 'arguments')
  const called = chain(node).join('.')
  if (['sleep', 'delay', 'scheduler.wait', 'wait'].includes(called)) return numberOf(first)
  if (called !== 'setTimeout' || first === undefined) return 0
  if (first.type === 'Identifier' || isFunction(first)) return resolves(first, parents) ? numberOf(second) : 0
  return numberOf(first)
}

/** Whether the callback does nothing but go on: it is, or calls, the first parameter of `new Promise((resolve) => …)`. */
function resolves(callback: Node, parents: readonly Node[]): boolean {
  const executor = children(
    parents.findLast(({ type }) => type === 'NewExpression'),
    'arguments',
  )[0]
  const resolve = nameOf(children(executor, 'params')[0])
  if (resolve === undefined) return false
  return nameOf(callback) === resolve || chain(child(callback, 'body')).join('.') === resolve
}

function numberOf(node: Node | undefined): number {
  if (node?.type === 'Literal') return typeof node['value'] === 'number' ? node['value'] : 0
  if (node?.type === 'BinaryExpression' && node['operator'] === '*') return numberOf(child(node, 'left')) * numberOf(child(node, 'right'))
  return 0
}
