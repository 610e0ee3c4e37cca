/**
 * Every check of the repository, two at a time: `npm run check`. A line each; the whole output only of what failed. A check that
 * does not say how many files it looked at, or says none, has failed, whatever its exit code: an import checker once passed over 0 modules.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export type Check = {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** How many files the output says were looked at. */
  readonly looked: (output: string) => number
  /** What of the output a person wants to read. */
  readonly tell?: (output: string) => string
}
export type Ran = { readonly code: number | null; readonly output: string; readonly seconds: number }

const SIDE_BY_SIDE = 2

/** Reads the number in the first bracket of the pattern; 0 where it does not occur. */
const counted =
  (pattern: RegExp) =>
  (output: string): number =>
    Number(pattern.exec(output)?.[1] ?? 0)

/** Paths as `tsc --listFiles` prints them, one alone on a line. */
const LISTED = /^(?:\/|[A-Za-z]:[\\/]).*\.(?:[cm]?tsx?|json)$/

const tsc = (name: string, project: string): Check => ({
  name,
  command: ['tsc', '--project', project, '--listFiles', '--pretty', 'false'],
  looked: (output) => output.split('\n').filter((line) => LISTED.test(line.trim()) && !line.includes('node_modules')).length,
  tell: (output) => output.replace(new RegExp(LISTED, 'gm'), '').replace(/\n{2,}/g, '\n'),
})

const CONSOLE = 'src/console/tsconfig.json'

const CHECKS: readonly Check[] = [
  tsc('tsc', '.'),
  ...(existsSync(CONSOLE) ? [tsc('tsc console', CONSOLE)] : []),
  { name: 'oxlint', command: ['oxlint', '--type-aware', '--deny-warnings'], looked: counted(/on (\d+) files? with/) },
  { name: 'biome', command: ['biome', 'ci', '--colors=off', '--max-diagnostics=50'], looked: counted(/Checked (\d+) files?/) },
  { name: 'knip', command: ['knip', '--no-progress'], looked: counted(/looked at (\d+) files/) },
  {
    name: 'knip production',
    command: ['knip', '--production', '--no-progress'],
    looked: counted(/looked at (\d+) files/),
  },
  { name: 'rooms', command: ['node', 'tools/rooms.ts'], looked: counted(/^rooms: (\d+) files/m) },
  { name: 'reference', command: ['node', 'tools/reference.ts', '--check'], looked: counted(/^reference: (\d+) files/m) },
  { name: 'lockfile', command: ['node', 'tools/lockfile.ts', '--check'], looked: counted(/^lockfile: (\d+) packages/m) },
  { name: 'tidy', command: ['node', 'tools/tidy.ts'], looked: counted(/^tidy: (\d+) files/m) },
]

/** The line for a check that ran, and whether it passed. */
export function judge(check: Check, { code, output, seconds }: Ran): { readonly passed: boolean; readonly line: string } {
  const files = check.looked(output)
  const passed = code === 0 && files > 0
  const why = code === 0 && files === 0 ? ', looked at nothing' : ''
  return {
    passed,
    line: `${passed ? 'ok    ' : 'FAILED'}  ${check.name.padEnd(16)}${String(files).padStart(5)} files  ${seconds.toFixed(1).padStart(5)} s${why}`,
  }
}

async function run([command, ...words]: Check['command']): Promise<Ran> {
  const start = performance.now()
  const PATH = [join(import.meta.dirname, '../node_modules/.bin'), process.env['PATH']].join(delimiter)
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH, NO_COLOR: '1' }, shell: process.platform === 'win32' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const code = await new Promise<number | null>((resolve) => {
    child.on('close', resolve)
    child.on('error', (cause) => {
      output += String(cause)
      resolve(null)
    })
  })
  return { code, output, seconds: (performance.now() - start) / 1000 }
}

/** Runs the checks, `sideBySide` at a time, in order; true when all passed. */
async function runAll(checks: readonly Check[], sideBySide: number): Promise<boolean> {
  const waiting = [...checks]
  const failed: string[] = []
  const worker = async (): Promise<void> => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const ran = await run(check.command)
      const { passed, line } = judge(check, ran)
      console.log(line)
      if (!passed) failed.push(`\n--- ${check.name}: ${check.command.join(' ')}\n${(check.tell?.(ran.output) ?? ran.output).trim()}`)
    }
  }
  await Promise.all(Array.from({ length: sideBySide }, worker))
  for (const one of failed) console.error(one)
  return failed.length === 0
}

if (import.meta.main) process.exitCode = (await runAll(CHECKS, SIDE_BY_SIDE)) ? 0 : 1
