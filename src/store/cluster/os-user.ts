import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../model/fault.ts'

/** The user PostgreSQL runs as. `switched`: another than ours, so its processes are started under that uid. */
export type OsUser = { readonly name: string; readonly uid: number; readonly gid: number; readonly switched: boolean }

/** The group of the house's users: who is in it may pass through the data folder to what is their own, and nothing else. */
const GROUP = 'gatehouse'
/** Who may have a cluster of root's: users nobody works as. */
const SERVERS = ['postgres', 'gatehouse'] as const

type Say = (line: string) => void

/**
 * Who runs PostgreSQL: ourselves, unless we are root, whom it refuses. Then whoever owns the cluster already, else `postgres`, else `gatehouse`,
 * a system user made here and said aloud; in the group `gatehouse`. Fault `data_unreachable`: the folder is that of a person.
 */
export function chooseOsUser({ dataFolder, say }: { readonly dataFolder: string; readonly say: Say }): OsUser {
  if (process.getuid?.() !== 0) return { ...nameAndIds(), switched: false }
  const owner = statSync(join(dataFolder, 'cluster'), { throwIfNoEntry: false })
  const name = owner === undefined || owner.uid === 0 ? null : nameOf(owner.uid)
  if (name !== null && !isServer(name) && name !== String(owner?.uid)) throw personsFolder(dataFolder, name)
  const gid = findGroup() ?? createGroup(say)
  if (name !== null && owner !== undefined) return { name, uid: owner.uid, gid, switched: true }
  const found = SERVERS.find((server) => uidOf(server) !== null)
  return found === undefined ? createUser('gatehouse', gid, say) : { name: found, uid: uidOf(found) ?? -1, gid, switched: true }
}

/** The system user a part of the house runs as, in the group of the house: made at the first call, and said aloud. Only root may ask. */
export function partUser(part: string, say: Say): OsUser {
  const gid = findGroup() ?? createGroup(say)
  const name = `gatehouse-${part}`
  const uid = uidOf(name)
  return uid === null ? createUser(name, gid, say) : { name, uid, gid, switched: true }
}

const isServer = (name: string): boolean => SERVERS.some((server) => server === name)

const personsFolder = (folder: string, name: string): Fault =>
  new Fault(
    'data_unreachable',
    `\`${folder}\` was made by the user \`${name}\`, and root would take its keys from them`,
    `start it as ${name}, or name another folder with --data`,
  )

function createGroup(say: Say): number {
  say(`creating the system group ${GROUP}`)
  add('groupadd', ['--system', GROUP], `the system group \`${GROUP}\``)
  const gid = findGroup()
  if (gid === null) throw uncreated(`the system group \`${GROUP}\``)
  return gid
}

function createUser(name: string, gid: number, say: Say): OsUser {
  say(`creating the system user ${name}`)
  const options = ['--system', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', '--gid', String(gid)]
  add('useradd', [...options, name], `the system user \`${name}\``)
  const uid = uidOf(name)
  if (uid === null) throw uncreated(`the system user \`${name}\``)
  return { name, uid, gid, switched: true }
}

/** Exit code 9: it is there, made by another start at the same moment (useradd(8), groupadd(8)). */
function add(command: string, options: readonly string[], what: string): void {
  try {
    execFileSync(command, options, { stdio: 'pipe' })
  } catch (cause) {
    if ((cause as { readonly status?: unknown }).status !== 9) throw uncreated(what, cause)
  }
}

const uncreated = (what: string, cause?: unknown): Fault =>
  new Fault('data_unreachable', `neither PostgreSQL nor the parts run as root, and ${what} cannot be created`, 'create it, or run as a user other than root', {
    cause,
  })

function findGroup(): number | null {
  const entry = asked('getent', ['group', GROUP])?.split(':')[2]
  return entry === undefined ? null : idOf(entry)
}

const uidOf = (name: string): number | null => idOf(asked('id', ['-u', name]) ?? '')

/** Never root's. */
const idOf = (text: string): number | null => (/^[1-9]\d*$/.test(text) ? Number(text) : null)

/** The name of a user id, or the id itself when it has none. */
const nameOf = (uid: number): string => asked('id', ['-un', String(uid)]) ?? String(uid)

function asked(command: string, options: readonly string[]): string | null {
  try {
    return execFileSync(command, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null
  }
}

/** `userInfo` throws for a user without an entry, which containers have. */
function nameAndIds(): { readonly name: string; readonly uid: number; readonly gid: number } {
  try {
    const { username, uid, gid } = userInfo()
    return { name: username, uid, gid }
  } catch {
    return { name: String(process.getuid?.() ?? -1), uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }
  }
}
