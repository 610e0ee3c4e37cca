/**
 * What the tests need from the operating system, before they start. On Debian as root it is installed; elsewhere on Linux the one
 * command is named and the run fails, since a test that cannot run has not passed. On other systems it says aloud what will not run.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** `debian`: packages, parted by spaces. `rootOnly`: what it is for does not run as anybody else, and says so. */
export type Need = { readonly command: string; readonly debian: string; readonly for: string; readonly rootOnly?: true }

const NEEDS: readonly Need[] = [
  { command: 'chromium', debian: 'chromium', for: "the console's pages in a browser" },
  { command: 'go', debian: 'golang-go golang-golang-x-mod-dev', for: "Go's reader of the journal" },
  { command: 'strace', debian: 'strace', for: 'disks that fail under the journal', rootOnly: true },
]

export type Host = { readonly platform: string; readonly isRoot: boolean; readonly has: (command: string) => boolean }

export type Advice =
  | { readonly do: 'nothing' }
  | { readonly do: 'install'; readonly packages: readonly string[] }
  | { readonly do: 'stop'; readonly say: string }
  | { readonly do: 'go on'; readonly say: string }

/** What to do about the needs this host does not meet. */
export function advise(needs: readonly Need[], host: Host): Advice {
  const missing = needs.filter(({ command, rootOnly }) => !host.has(command) && (host.isRoot || rootOnly !== true))
  if (missing.length === 0) return { do: 'nothing' }
  const packages = missing.flatMap(({ debian }) => debian.split(' '))
  const what = missing.map((need) => `\`${need.command}\` for ${need.for}`).join(', ')
  if (host.platform !== 'linux') return { do: 'go on', say: `skipped aloud on ${host.platform}, where we do not install it: ${what}` }
  if (!host.has('apt-get')) return { do: 'stop', say: `the tests need ${what}; install it so that it is on the PATH` }
  if (host.isRoot) return { do: 'install', packages }
  return { do: 'stop', say: `the tests need ${what}; run: sudo apt-get install --yes --no-install-recommends ${packages.join(' ')}` }
}

function isOnPath(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Whether apt-get installed them: at first with the package lists it has, then with fresh ones. */
function install(packages: readonly string[]): boolean {
  const apt = (...words: readonly string[]): boolean =>
    spawnSync('apt-get', words, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0
  const once = (): boolean => apt('install', '--yes', '--quiet', '--no-install-recommends', ...packages)
  return once() || (apt('update', '--quiet') && once())
}

function prepare(): number {
  const host: Host = { platform: process.platform, isRoot: process.getuid?.() === 0, has: isOnPath }
  const advice = advise(NEEDS, host)
  if (advice.do === 'nothing') return 0
  if (advice.do === 'install') {
    console.log(`prepare: installing ${advice.packages.join(' ')} with apt-get`)
    if (install(advice.packages) && advise(NEEDS, host).do === 'nothing') return 0
    console.error(`prepare: apt-get could not install ${advice.packages.join(' ')}`)
    return 1
  }
  console.error(`prepare: ${advice.say}`)
  return advice.do === 'stop' ? 1 : 0
}

if (import.meta.main) process.exitCode = prepare()
