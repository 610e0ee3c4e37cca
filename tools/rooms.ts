/**
 * The house plan, checked: `node tools/rooms.ts [root]`. Every file under src stands in a room, imports only what the plan
 * lets its room import, and no file imports itself through others. A run that saw no file or no import fails.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, relative as pathFrom } from 'node:path'
import { cycles } from './cycles.ts'
import { type Import, importsOf } from './imports.ts'
import { PLAN, type Plan, type Room } from './plan.ts'
import { worldlyUses } from './purity.ts'
import { isCode, isTest, type Parsed, parse, type Source } from './syntax.ts'

/** What a pure room may take from npm: it computes, or it is the parser and judge of that room. */
const PURE_PACKAGES = ['zod', 'yaml', '@noble/ciphers', '@noble/hashes', '@cedar-policy/cedar-wasm']
/** Rooms any test may build its real parts from. */
const REAL_PARTS = ['base', 'model', 'store', 'journal']
/** Digests and signatures by keys handed in: calculation, though Node does it. */
const CALCULATES = ['src/base/digest.ts', 'src/base/es256.ts', 'src/base/ed25519.ts']

type File = { readonly parsed: Parsed; readonly room: Room; readonly imports: readonly Import[] }
type Tree = { readonly files: ReadonlyMap<string, File>; readonly plan: Plan }

export type Survey = { readonly files: number; readonly imports: number; readonly trespasses: readonly string[] }

/** Looks at every source, whose paths begin with `src/`. Throws on a file that does not parse. */
export function survey(sources: readonly Source[], plan: Plan = PLAN): Survey {
  const roomless: string[] = []
  const files = new Map<string, File>()
  for (const source of sources.filter(({ path }) => isCode(path))) {
    const [, name = '', inside] = source.path.split('/')
    const room = inside === undefined ? undefined : plan.get(name)
    if (room === undefined) roomless.push(`${source.path}: stands in no room; a new room is a line in tools/plan.ts`)
    const parsed = parse(source)
    if (room) files.set(source.path, { parsed, room, imports: importsOf(parsed) })
  }
  const tree = { files, plan }
  const own = [...files.values()].flatMap((file) => [...file.imports.flatMap((one) => trespass(tree, file, one)), ...impurities(file)])
  const graph = new Map([...files].map(([path, file]) => [path, file.imports.flatMap(({ target }) => (target !== null && files.has(target) ? [target] : []))]))
  const rings = cycles(graph).map((ring) => `${ring[0]}: imports itself through ${[...ring.slice(1), ring[0]].join(' -> ')}`)
  const imports = [...files.values()].reduce((sum, file) => sum + file.imports.length, 0)
  return { files: sources.length, imports, trespasses: [...roomless, ...own, ...rings, ...webTrespasses(tree)] }
}

function trespass(tree: Tree, file: File, one: Import): readonly string[] {
  const wrong = one.relative ? relativeTrespass(tree, file, one) : packageTrespass(file, one)
  return wrong === null ? [] : [`${file.parsed.path}:${one.line}: ${wrong}`]
}

function packageTrespass({ parsed, room }: File, { target, typeOnly }: Import): string | null {
  if (target === null) return 'names a module only at run time, which nobody can check'
  if (/^[/#]|^file:|^gatehouse(\/|$)/.test(target)) return `names \`${target}\`; write the relative path`
  if (isTest(parsed.path) || room.kind === 'worldly' || typeOnly) return null
  const node = isNodeModule(target)
  if (room.kind === 'web') return node ? `the web page has no Node: \`${target}\`` : null
  if (node)
    return CALCULATES.includes(parsed.path) && target === 'node:crypto'
      ? null
      : `pure room ${room.name} imports \`${target}\`; take what it does as an argument`
  const known = PURE_PACKAGES.some((name) => target === name || target.startsWith(`${name}/`))
  return known ? null : `pure room ${room.name} imports \`${target}\`, which tools/rooms.ts does not know to be pure`
}

function relativeTrespass({ files, plan }: Tree, { parsed, room }: File, { target, typeOnly }: Import): string | null {
  if (target === null) return 'names a module only at run time, which nobody can check'
  const [top, name = '', inside] = target.split('/')
  const test = isTest(parsed.path)
  if (top === 'test' && test) return null
  if (top !== 'src') return target === 'package.json' && room.name === 'bin' ? null : `leaves src for \`${target}\``
  const there = plan.get(name)
  if (there === undefined || inside === undefined) return `\`${target}\` stands in no room`
  if (!files.has(target) && (isCode(target) || !/\.\w+$/.test(target))) return `\`${target}\` is no file; name it with its ending`
  if (!test && isTest(target)) return `\`${target}\` is a test`
  if (there.name === room.name) return null
  if (there.name === 'bin') return 'nobody imports bin'
  if (test && target.endsWith('.contract.ts')) return null
  if (inside === 'internal') return `reaches into ${name}/internal`
  if (room.values.has(name) || (test && REAL_PARTS.includes(name))) return null
  if (!room.types.has(name)) return `${room.name} may not import ${name}`
  return typeOnly || test ? null : `${room.name} may import types of ${name}, not values; write \`import type\``
}

const isNodeModule = (name: string): boolean => name.startsWith('node:') || builtinModules.includes(name.split('/')[0] ?? '')

const impurities = ({ parsed, room }: File): readonly string[] =>
  room.kind !== 'pure' || isTest(parsed.path)
    ? []
    : worldlyUses(parsed).map(({ line, use }) => `${parsed.path}:${line}: pure room ${room.name} uses \`${use}\`; take it as an argument`)

/** A room may be let in and still bring Node with it: what a web page reaches, it loads. */
function webTrespasses({ files }: Tree): readonly string[] {
  const web = [...files.values()].filter(({ parsed, room }) => room.kind === 'web' && !isTest(parsed.path))
  const seen = new Set(web.map(({ parsed }) => parsed.path))
  const found: string[] = []
  for (const path of seen) {
    const file = files.get(path)
    for (const { target, relative, typeOnly } of file?.imports ?? []) {
      if (target === null || typeOnly) continue
      if (relative) seen.add(target)
      else if (isNodeModule(target) && file?.room.kind !== 'web') found.push(`${path}: brings \`${target}\` into the web page`)
    }
  }
  return found
}

function sourcesUnder(root: string): readonly Source[] {
  const names = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return paths.filter(isCode).map((path) => ({ path: pathFrom(root, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') }))
}

if (import.meta.main) {
  const { files, imports, trespasses } = survey(sourcesUnder(process.argv[2] ?? '.'))
  for (const line of trespasses) console.error(line)
  if (files === 0 || imports === 0) console.error('rooms: saw no file or no import, which proves nothing')
  console.log(`rooms: ${files} files, ${imports} imports, ${trespasses.length} trespasses`)
  process.exitCode = files === 0 || imports === 0 || trespasses.length > 0 ? 1 : 0
}
