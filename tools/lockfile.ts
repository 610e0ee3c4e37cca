/**
 * Puts into package-lock.json the platform packages that npm left out. Where a registry has no package for some platform, npm
 * writes a lockfile without it, and `npm ci` then refuses that very lockfile. An entry added here has no digest: on its
 * platform npm fetches it by its exact version. With `--check` it writes nothing and fails when one is missing.
 */
import { readFileSync, writeFileSync } from 'node:fs'

type Entry = {
  version?: string
  dev?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}
type Lockfile = { packages: Record<string, Entry> }

const FILE = 'package-lock.json'
const SYSTEMS = ['android', 'darwin', 'win32', 'freebsd', 'linux', 'openharmony']
const PROCESSORS = ['arm64', 'x64', 'ia32', 'arm', 's390x', 'ppc64', 'riscv64', 'wasm32']

/** Where Node would look for `name` from the package at `path`: its own folder first. */
function places(path: string, name: string): readonly string[] {
  const parts = path.split('/node_modules/')
  const folders = parts.map((_, i) => parts.slice(0, parts.length - i).join('/node_modules/'))
  return [...folders.map((folder) => `${folder}/node_modules/${name}`), `node_modules/${name}`]
}

/** What a platform package is for, as its name says: `binding-linux-x64-musl`. */
function platformOf(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> {
  if (name === 'fsevents') return { os: ['darwin'] }
  const words = name.split('/').at(-1)?.split('-') ?? []
  const os = words.find((word) => SYSTEMS.includes(word))
  const cpu = words.find((word) => PROCESSORS.includes(word)) ?? (words.some((word) => /eabi/.test(word)) ? 'arm' : undefined)
  return { ...(os ? { os: [os] } : {}), ...(cpu ? { cpu: [cpu] } : {}), ...(os === 'linux' ? { libc: [words.includes('musl') ? 'musl' : 'glibc'] } : {}) }
}

const lockfile = JSON.parse(readFileSync(FILE, 'utf8')) as Lockfile
const { packages } = lockfile
const missing: string[] = []
for (const [path, entry] of Object.entries(packages))
  for (const [name, version] of path === '' ? [] : Object.entries(entry.optionalDependencies ?? {})) {
    const exact = /^\d/.test(version)
    const found = places(path, name).find((place) => packages[place] !== undefined)
    if (found !== undefined && (!exact || packages[found]?.version === version)) continue
    missing.push(`${name}@${version}`)
    const place = packages[`node_modules/${name}`] === undefined ? `node_modules/${name}` : `${path}/node_modules/${name}`
    packages[place] = { version: version.replace(/^[\^~]/, ''), ...(entry.dev ? { dev: true } : {}), optional: true, ...platformOf(name) }
  }

process.stdout.write(`lockfile: ${Object.keys(packages).length} packages, ${missing.length} left out\n`)
if (process.argv.includes('--check')) {
  for (const name of missing) process.stderr.write(`${FILE} leaves out ${name}: run \`node tools/lockfile.ts\`\n`)
  if (missing.length > 0) process.exitCode = 1
} else if (missing.length > 0) {
  const sorted = Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(FILE, `${JSON.stringify({ ...lockfile, packages: sorted }, null, 2)}\n`)
}
