import { chmodSync, chownSync, lchownSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Fault } from '../../model/fault.ts'
import { putText } from './kept-file.ts'
import type { OsUser } from './os-user.ts'
import { unreachableAncestor } from './reachable.ts'

/**
 * Version of the data folder's layout; a folder with a higher number was written by a newer Gatehouse. 1: all keys in one folder, and as root all
 * of it PostgreSQL's. 2: a folder of keys for each part, and as root the folder is root's.
 */
const DATA_VERSION = 2

/** Where the pilot keeps its data when nobody says otherwise. */
export function defaultDataFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  if (process.getuid?.() === 0) return '/var/lib/gatehouse/pilot'
  const home = env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share')
  return join(home, 'gatehouse', 'pilot')
}

/** Turns back a folder of a newer version (`data_newer`) or one that is not ours, before anything in it is touched. */
export function checkDataFolder(folder: string): void {
  const found = readVersion(folder)
  if (found === null) {
    const others = entries(folder).filter((name) => name !== 'lost+found')
    if (others.length > 0) {
      throw new Fault('data_unreachable', `\`${folder}\` is not empty and not a Gatehouse data folder`, 'name an empty or a new folder with --data')
    }
  } else if (found > DATA_VERSION) {
    throw new Fault('data_newer', `\`${folder}\` was written by a newer Gatehouse (data version ${found}, this one knows ${DATA_VERSION})`, NEWER)
  }
}

/** Written by an older version: its layout is another. */
export const isOlder = (folder: string): boolean => (readVersion(folder) ?? DATA_VERSION) < DATA_VERSION

export const NEWER = 'start it with that newer version, or name another folder with --data'

/**
 * The folder exists, is ours and closed to others, and is marked with our version. As root, PostgreSQL's user may pass through it to the cluster
 * and the socket, which alone are theirs: whatever else they had under an older version is taken back. Faults `data_unreachable`.
 */
export function prepareDataFolder(folder: string, user: OsUser): void {
  try {
    makeAncestors(dirname(folder))
    if (!isFolder(folder)) mkdirSync(folder, { mode: 0o700 })
    if (user.switched) takeBack(folder, user)
    else if (process.platform !== 'win32') chmodSync(folder, 0o700)
    if (readVersion(folder) !== DATA_VERSION) putText(join(folder, 'version'), `${DATA_VERSION}\n`, { mode: 0o644 })
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('data_unreachable', `the data folder \`${folder}\` cannot be made: ${reason}`, 'name a folder you may write with --data', { cause })
  }
  const ancestor = user.switched ? unreachableAncestor(folder, user) : null
  if (ancestor !== null) {
    throw new Fault(
      'data_unreachable',
      `PostgreSQL runs as the user \`${user.name}\`, who cannot pass through \`${ancestor}\` to the data folder \`${folder}\``,
      `name another folder with --data, for example --data /var/lib/gatehouse/pilot, or run: chmod o+x ${ancestor}`,
    )
  }
}

/** PostgreSQL's own in the data folder, drafts of the cluster included. */
const SERVERS_OWN = /^(cluster|cluster\..*|socket)$/

/**
 * Root's again, and nothing lost. The folder first: from then on PostgreSQL's user can exchange nothing in it. Then what of it is still theirs;
 * a link among that is their doing, and would have us take something from elsewhere.
 */
function takeBack(folder: string, { uid, gid }: OsUser): void {
  chownSync(folder, 0, gid)
  chmodSync(folder, 0o710)
  for (const name of readdirSync(folder)) if (!SERVERS_OWN.test(name)) takeOne(join(folder, name), uid)
}

function takeOne(path: string, from: number): void {
  // Gone meanwhile: a draft of another start.
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined || found.uid !== from) return
  if (!found.isDirectory() && !found.isFile()) {
    throw new Fault(
      'data_unreachable',
      `\`${path}\` is neither a file nor a folder, and was put there by PostgreSQL's user`,
      'look who did it, and take it away',
    )
  }
  lchownSync(path, 0, 0)
  if (found.isDirectory()) for (const name of readdirSync(path)) takeOne(join(path, name), from)
}

/** Folders we make on the way are passable for others whatever the umask; those that stood already keep their mode. */
function makeAncestors(folder: string): void {
  const first = mkdirSync(folder, { recursive: true })
  if (first === undefined || process.platform === 'win32') return
  for (let at = resolve(folder); at.length >= resolve(first).length; at = dirname(at)) chmodSync(at, 0o755)
}

function readVersion(folder: string): number | null {
  let text: string
  try {
    text = readFileSync(join(folder, 'version'), 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EACCES') throw closedFolder(folder, cause)
    return null
  }
  const version = /^[1-9][0-9]{0,8}\n?$/.test(text) ? Number(text) : null
  if (version === null) throw new Fault('data_unreachable', `\`${join(folder, 'version')}\` does not hold a version number`, 'name another folder with --data')
  return version
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw closedFolder(folder, cause)
  }
}

const closedFolder = (folder: string, cause: unknown): Fault =>
  new Fault('data_unreachable', `\`${folder}\` cannot be read as this user`, 'run as the user who owns it, or name another folder with --data', { cause })

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
