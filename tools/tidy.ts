/**
 * The rules of style that a machine can hold: `node tools/tidy.ts [root]`. Each failure says where, and the story of the rule.
 * Files over 300 lines are listed as a question; over 400 they fail. A run that saw no file or no function fails.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { breaches } from './ban.ts'
import { brandsOf, CODE_BANS, noForgery, noGenericStage } from './code-bans.ts'
import { functionsOf, linesOf, tooLong } from './lengths.ts'
import { deadLinks } from './links.ts'
import { isCode, parse, type Source } from './syntax.ts'
import { TEST_BANS } from './test-bans.ts'
import { untidyText } from './text-bans.ts'

const LONG_LINES = 300
/** Written by machines or by others, and bytes that must not change. */
const NOT_OURS = /^package-lock\.json$|^LICENSE$|^test\/vectors\/|\.(csv|png|jpg|ico|webp|woff2|zip|gz|pdf)$/

export type Inspection = { readonly files: number; readonly functions: number; readonly untidy: readonly string[]; readonly long: readonly string[] }

/** Looks at every source. `exists` says whether a path of the repository is a file or folder. Throws on code that does not parse. */
export function inspect(sources: readonly Source[], exists: (path: string) => boolean): Inspection {
  const code = sources.filter(({ path }) => isCode(path)).map(parse)
  const brands = new Set(code.flatMap(brandsOf))
  const bans = [...CODE_BANS, noForgery(brands), noGenericStage(brands), ...TEST_BANS]
  const untidy = [
    ...sources.flatMap(untidyText),
    ...code.flatMap((file) => [...breaches(bans, file), ...tooLong(file)]),
    ...sources.filter(({ path }) => path.endsWith('.md')).flatMap((source) => deadLinks(source, exists)),
  ]
  const long = code.filter(({ text }) => linesOf(text) > LONG_LINES).map(({ path, text }) => `${path}: ${linesOf(text)} lines`)
  return { files: sources.length, functions: code.reduce((sum, file) => sum + functionsOf(file).length, 0), untidy, long }
}

/** What git tracks or would track, and we wrote. */
export function sourcesOf(root: string): readonly Source[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 })
  const paths = listed.split('\0').filter((path) => path !== '' && !NOT_OURS.test(path))
  return [...new Set(paths)]
    .filter((path) => existsSync(join(root, path)) && statSync(join(root, path)).isFile())
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

if (import.meta.main) {
  const root = process.argv[2] ?? '.'
  const { files, functions, untidy, long } = inspect(sourcesOf(root), (path) => existsSync(join(root, path)))
  if (long.length > 0) console.log(`over ${LONG_LINES} lines, a question:\n${long.map((line) => `  ${line}`).join('\n')}`)
  for (const line of untidy) console.error(line)
  if (files === 0 || functions === 0) console.error('tidy: saw no file or no function, which proves nothing')
  console.log(`tidy: ${files} files, ${functions} functions, ${untidy.length} untidy`)
  process.exitCode = files === 0 || functions === 0 || untidy.length > 0 ? 1 : 0
}
