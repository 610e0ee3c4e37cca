import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { unreachableAncestor } from '../../src/store/cluster/reachable.ts'

const REPOSITORY = resolve(import.meta.dirname, '../..')
const READ = ['src', 'catalogue', 'policies', 'package.json', 'node_modules', 'dist']
const NOBODY = { name: 'nobody', uid: 65_534, gid: 65_534 }

/** The program where users other than root can run it. */
export type Program = { readonly root: string; readonly node: string; readonly drop: () => void }

/**
 * The checkout itself, or, where root keeps it to itself (a clone in a home, a temporary folder), the same files under a folder that is open: linked,
 * not copied, so that it is this very program; copied only onto another disk. `under`: where it lies instead if others could add to a folder above the
 * checkout.
 */
export function openProgram(under?: string): Program {
  const fits = unreachableAncestor(REPOSITORY, NOBODY) === null && (under === undefined || !addedToByOthers(dirname(REPOSITORY)))
  if (process.getuid?.() !== 0 || fits) return { root: REPOSITORY, node: process.execPath, drop: () => undefined }
  const root = mkdtempSync(join(under ?? tmpdir(), 'gatehouse-program-'))
  chmodSync(root, 0o755)
  const from = READ.map((name) => join(REPOSITORY, name)).filter(existsSync)
  if (!['-al', '-a'].some((how) => spawnSync('/bin/cp', [how, ...from, root]).status === 0))
    throw new Error('the program cannot be put where others may run it')
  const node = relative(REPOSITORY, process.execPath)
  return { root, node: node.startsWith('..') ? process.execPath : join(root, node), drop: () => rmSync(root, { recursive: true, force: true }) }
}

const addedToByOthers = (folder: string): boolean => (statSync(folder).mode & 0o002) !== 0 || (dirname(folder) !== folder && addedToByOthers(dirname(folder)))
