import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type OsUser, partUser } from '../../store/cluster/os-user.ts'
import { rightsOf, unreachableAncestor } from '../../store/cluster/reachable.ts'
import type { PartName } from '../supervise.ts'

const REPOSITORY = resolve(import.meta.dirname, '../../..')
/** What a part reads of the program, one of each kind: a strict umask closes them all alike. */
const PROGRAM = ['src/bin/gatehouse.ts', 'src/bin/parts/gate.ts', 'node_modules/pg/package.json', 'package.json', 'dist'].map((part) => join(REPOSITORY, part))

export type PartUsers = Readonly<Record<PartName, OsUser | null>>

/**
 * Whom each part of a pilot runs as: ourselves, unless we are root; then a system user of its own each, so that none reads another's keys and
 * credentials. Where these users could not read the program, the parts run as root, and that is said. `reads`: what else the parts read.
 */
export function partUsers({
  reads,
  dataFolder,
  say,
}: {
  readonly reads: readonly string[]
  readonly dataFolder: string
  readonly say: (line: string) => void
}): PartUsers {
  if (process.getuid?.() !== 0) return { gate: null, apply: null, sign: null, archive: null }
  const users = { gate: partUser('gate', say), apply: partUser('apply', say), sign: partUser('sign', say), archive: partUser('archive', say) }
  const closed = [process.execPath, ...PROGRAM, ...reads].filter(existsSync).find((path) => !readableBy(realpathSync(path), users.gate))
  const shut = closed ?? unreachableAncestor(dataFolder, users.gate)
  if (shut === null) return users
  say(`the gate, the applier, the signer and the archive run as root: the user ${users.gate.name} cannot read ${shut}; put it where others may read`)
  return { gate: null, apply: null, sign: null, archive: null }
}

function readableBy(path: string, user: OsUser): boolean {
  const found = statSync(path)
  const needed = found.isDirectory() ? 5 : 4
  return unreachableAncestor(dirname(path), user) === null && (rightsOf(found, user) & needed) === needed
}
