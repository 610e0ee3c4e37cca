import { type Ban, nodesWhere } from './ban.ts'
import { chain, child, children, isTest, type Node, nameOf, type Parsed } from './syntax.ts'

const isInSource = (path: string): boolean => path.startsWith('src/')
const isOfTests = (path: string): boolean => isTest(path) || /^(test|bench)\//.test(path)
const inNone =
  (...folders: readonly string[]) =>
  (path: string): boolean =>
    !folders.some((folder) => path.startsWith(`${folder}/`))
const mayPrint = inNone('src/bin', 'src/console', 'tools', 'bench')
const hasNoClock = inNone('src/bin', 'src/endpoint', 'src/console', 'src/synth', 'tools', 'test', 'bench')
/** `synth` and the page have no stage in their hands. */
const mayMerge = (path: string): boolean => !isTest(path) && inNone('src/synth', 'src/console')(path)
const hasNoSql = inNone('src/store', 'src/connectors', 'src/synth', 'catalogue', 'tools')

/** Bans in code of every kind. */
export const CODE_BANS: readonly Ban[] = [
  {
    why: 'mint<Name>() is called only in the file that declares `type Name = Brand<…>`: elsewhere it would forge a stage nobody passed',
    where: (path) => path !== 'src/base/brand.ts',
    find: nodesWhere(({ node, parents }, file) => nameOf(node) === 'mint' && !mintsItsOwn(node, parents, file)),
  },
  {
    why: '`as never` fits anywhere, a branded stage included; parse, or narrow with a check',
    where: (path) => isInSource(path) && !isTest(path),
    find: nodesWhere(({ node }) => node.type === 'TSAsExpression' && child(node, 'typeAnnotation')?.type === 'TSNeverKeyword'),
  },
  {
    why: 'Object.assign keeps a brand on a value that was changed: the compiler takes its result for a stage still. Spread instead, which loses the brand',
    where: (path) => isInSource(path) && mayMerge(path),
    find: nodesWhere(({ node }) => node.type === 'MemberExpression' && chain(node).join('.') === 'Object.assign'),
  },
  {
    why: '`any` switches the type checker off for all it touches; write `unknown` and narrow it',
    where: () => true,
    find: nodesWhere(({ node }) => node.type === 'TSAnyKeyword'),
  },
  {
    why: 'a default export has a different name in every file that imports it; export by name',
    where: (path) => !path.endsWith('.config.ts') && path !== 'tools/knip-count.ts',
    find: nodesWhere(
      ({ node }) => node.type === 'ExportDefaultDeclaration' || (node.type === 'ExportSpecifier' && nameOf(child(node, 'exported')) === 'default'),
    ),
  },
  {
    why: 'a barrel (`export *`) ends in files that import each other through it, 24 of them in a ring once seen; import the file you mean',
    where: isInSource,
    find: nodesWhere(({ node }) => node.type === 'ExportAllDeclaration'),
  },
  {
    why: 'printing is for the composition roots: in the connector a stray line breaks the agent’s stdio, in the gate it may print a person’s data. Return it, or journal it',
    where: mayPrint,
    find: nodesWhere(
      ({ node }, { path }) => node.type === 'MemberExpression' && PRINTS.test(chain(node).join('.')) && !(isOfTests(path) && chain(node).at(-1) === 'warn'),
    ),
  },
  {
    why: 'time and chance come in as arguments (base/clock.ts), or no test can freeze them; for how long something takes, `performance.now()`, which never steps back',
    where: (path) => hasNoClock(path) && !isTest(path),
    find: nodesWhere(({ node }) => ['Date.now', 'Math.random'].includes(chain(node).join('.')) && node.type === 'MemberExpression'),
  },
  {
    why: 'SQL stands in src/store (our database), src/connectors and src/synth (theirs), so that each can be read as one; ask for it through a port',
    where: (path) => hasNoSql(path) && !isOfTests(path),
    find: nodesWhere(({ node }) => SQL.test(wordsOf(node))),
  },
  {
    why: 'a note to oneself in code is read by nobody: do it, or say the sad path as `// BUG:` with what would happen',
    where: () => true,
    find: ({ comments }) => comments.filter(({ value }) => /\b(TODO|FIXME|XXX)\b/.test(value)).map(({ start }) => start),
  },
]

const PRINTS = /^console\.\w+$/

/** No value becomes a branded stage by being called one, be it with `as` or by a function that says `x is Permit`. `brands`: their names, of all files. */
export const noForgery = (brands: ReadonlySet<string>): Ban => ({
  why: 'a cast to a branded stage forges it as surely as a stolen mint(); let the maker of the brand make it',
  where: () => true,
  find: (file) =>
    file.nodes
      .filter(
        ({ node }) =>
          (node.type === 'TSAsExpression' || node.type === 'TSTypeAssertion' || node.type === 'TSTypePredicate') &&
          names(child(node, 'typeAnnotation'), brands, file),
      )
      .map(({ node }) => node.start),
})

/** A spread of a value whose type is a parameter is typed as that very parameter: `<P extends Permit>` would let one be changed and kept. */
export const noGenericStage = (brands: ReadonlySet<string>): Ban => ({
  why: 'a type parameter that extends a brand keeps it through a spread, which of the brand itself would lose it; take the stage by its own name',
  where: (path) => path !== 'src/base/brand.ts',
  find: (file) =>
    file.nodes.filter(({ node }) => node.type === 'TSTypeParameter' && names(child(node, 'constraint'), brands, file)).map(({ node }) => node.start),
})

/** The brands a file declares. */
export const brandsOf = (file: Parsed): readonly string[] =>
  file.nodes.flatMap(({ node }) => (node.type === 'TSTypeAliasDeclaration' && isBrand(node) ? [nameOf(child(node, 'id')) ?? ''] : []))

const isBrand = (alias: Node): boolean => nameOf(child(child(alias, 'typeAnnotation'), 'typeName')) === 'Brand'

/** Whether a type mentions one of these. */
const names = (type: Node | undefined, brands: ReadonlySet<string>, file: Parsed): boolean =>
  type !== undefined &&
  file.nodes.some(
    ({ node }) => node.type === 'TSTypeReference' && node.start >= type.start && node.end <= type.end && brands.has(nameOf(child(node, 'typeName')) ?? ''),
  )

/** One case throughout, as statements are written: "Select a session from the list" is a sentence. */
const SQL =
  /^\s*(select\s[\s\S]*\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\(|create\s+(table|role|schema|policy|index)\s|SELECT\s[\s\S]*\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s*\(|CREATE\s+(TABLE|ROLE|SCHEMA|POLICY|INDEX)\s)/

/** A string's text, or a template's with its holes closed. */
function wordsOf(node: Node): string {
  if (node.type === 'Literal') return typeof node['value'] === 'string' ? node['value'] : ''
  if (node.type !== 'TemplateLiteral') return ''
  return children(node, 'quasis')
    .map((part) => (part['value'] as { readonly raw: string }).raw)
    .join('x')
}

/** `mint<Name>(…)` in the file with `type Name = Brand<…>`, or mint's own import. */
function mintsItsOwn(node: Node, parents: readonly Node[], file: Parsed): boolean {
  const parent = parents.at(-1)
  if (parent?.type === 'ImportSpecifier') return nameOf(child(parent, 'local')) === 'mint'
  if (parent?.type !== 'CallExpression' || parent['callee'] !== node) return false
  const brand = nameOf(child(children(child(parent, 'typeArguments'), 'params')[0], 'typeName'))
  return brand !== undefined && brandsOf(file).includes(brand)
}
