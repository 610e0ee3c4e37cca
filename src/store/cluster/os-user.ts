import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../model/fault.ts'

/** The user PostgreSQL runs as. `switched`: another than ours, so its processes are started under that uid. */
export type OsUser = { readonly name: string; readonly uid: number; readonly gid: number; readonly switched: boolean }

/**
 * Who runs PostgreSQL: ourselves, unless we are root, whom it refuses. Then whoever owns the cluster already, else `postgres`, else `gatehouse`,
 * a system user made here and said aloud.
 */
export function chooseOsUser({ dataFolder, say }: { readonly dataFolder: string; readonly say: (line: string) => void }): OsUser {
  if (process.getuid?.() !== 0) return { ...nameAndIds(), switched: false }
  const owner = statSync(join(dataFolder, 'cluster'), { throwIfNoEntry: false })
  if (owner !== undefined && owner.uid !== 0) return { name: nameOf(owner.uid), uid: owner.uid, gid: owner.gid, switched: true }
  return findUser('postgres') ?? findUser('gatehouse') ?? createUser('gatehouse', say)
}

function createUser(name: string, say: (line: string) => void): OsUser {
  say(`PostgreSQL does not run as root: creating the system user ${name}`)
  try {
    execFileSync('useradd', ['--system', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', name], { stdio: 'pipe' })
  } catch (cause) {
    throw new Fault('data_unreachable', `PostgreSQL does not run as root and the system user \`${name}\` cannot be created`, 'run as a user other than root', {
      cause,
    })
  }
  const user = findUser(name)
  if (user === null) throw new Fault('data_unreachable', `the system user \`${name}\` was created but is not found`, 'run as a user other than root')
  return user
}

function findUser(name: string): OsUser | null {
  try {
    const ids = ['-u', '-g'].map((what) => Number(execFileSync('id', [what, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })))
    const [uid, gid] = ids
    return uid === undefined || gid === undefined || !(uid > 0) ? null : { name, uid, gid, switched: true }
  } catch {
    return null
  }
}

/** The name of a user id, or the id itself when it has none. */
function nameOf(uid: number): string {
  try {
    return execFileSync('id', ['-un', String(uid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return String(uid)
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
