/** Builds the console to dist/console when a source of it is newer: `npm run pilot` and `npm test` call it first. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const HOME = join(import.meta.dirname, '..')
const OUT = join(HOME, 'dist/console')
const SOURCES = ['src/console', 'src/contract', 'src/model', 'package-lock.json']

/** The folder of the built console. */
export function builtConsole(): string {
  const page = join(OUT, 'index.html')
  const built = existsSync(page) ? statSync(page).mtimeMs : 0
  if (built >= Math.max(...SOURCES.map((source) => newestIn(join(HOME, source))))) return OUT
  process.stderr.write('building the console, some seconds\n')
  // Under a test runner's NODE_ENV the page would be built for debugging.
  const env = { ...process.env, NODE_ENV: 'production' }
  execFileSync(process.execPath, ['node_modules/vite/bin/vite.js', 'build', 'src/console', '--logLevel', 'error'], { cwd: HOME, env, stdio: 'inherit' })
  return OUT
}

function newestIn(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs
  return Math.max(...readdirSync(path).map((name) => newestIn(join(path, name))))
}

if (process.argv[1] === import.meta.filename) builtConsole()
