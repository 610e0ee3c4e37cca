import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { Fault } from '../../model/fault.ts'

/**
 * The text of a file that its owner alone may read: read when it is there, otherwise made, written whole and on disk before its name appears.
 * Of two who make it at once one wins, and both read the same. Faults of `readKept`.
 */
export function keptText(path: string, make: () => string): string {
  const found = readKept(path)
  if (found !== null) return found
  const draft = writeDraft(path, make(), {})
  try {
    linkSync(draft, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  } finally {
    rmSync(draft, { force: true })
  }
  syncFolder(dirname(path))
  const kept = readKept(path)
  if (kept === null) throw new Error(`\`${path}\` was made and is gone`)
  return kept
}

/**
 * The text of such a file, or null when there is none. Fault `config_invalid`: it cannot be read as this user, it belongs to a user other than
 * this one and root, or others may read it. Looked at after opening, so that it cannot be exchanged in between.
 */
export function readKept(path: string): string | null {
  const file = openKept(path)
  if (file === null) return null
  try {
    const found = fstatSync(file)
    if (!found.isFile()) throw unfit(path, 'is not a file')
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) throw unfit(path, 'is readable by other users')
    if (!isOurs(found)) throw unfit(path, `belongs to another user (${found.uid})`)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/** Puts the text in the place of what the file held: after a crash there is the old text or the new one, whole. `gid`: the group it is given to, as root. */
export function putText(path: string, text: string, to: { readonly mode?: number; readonly gid?: number | undefined } = {}): void {
  const draft = writeDraft(path, text, to)
  try {
    renameSync(draft, path)
  } finally {
    rmSync(draft, { force: true })
  }
  syncFolder(dirname(path))
}

/**
 * Destroys the text of a kept file where it lies, then gives its name to the file `by`. After a crash in between the old text is gone or no text any more, and
 * the new one still under its own name: done again it comes to its end. What the disk, a snapshot or a backup keeps of the old text it does not reach.
 * Faults of `readKept` and `noLink`, before anything is destroyed.
 */
export function replaceKept(path: string, by: string): void {
  if (readKept(by) === null) throw new Error(`\`${by}\` was to replace \`${path}\`, and is not there`)
  for (const one of [path, by]) noLink(one)
  overwrite(path)
  renameSync(by, path)
  syncFolder(dirname(path))
}

/** Fault `config_invalid`: the name is a link. What it leads to would be destroyed, and the new text would lie where the link did. */
export function noLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return
  throw new Fault('config_invalid', `the key file ${path} is a link, and would not be changed where it leads`, 'put the file itself there')
}

function overwrite(path: string): void {
  try {
    // Its owner may have left it read-only.
    chmodSync(path, 0o600)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
    throw cause
  }
  const file = openSync(path, 'r+')
  try {
    writeSync(file, Buffer.alloc(fstatSync(file).size), 0, undefined, 0)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Whether a file is this user's own, or root's, who could read and write it anyway. */
export const isOurs = ({ uid }: { readonly uid: number }): boolean => process.getuid === undefined || uid === 0 || uid === process.getuid()

/** O_EXCL under a name nobody can guess: a link put there would not be followed, even in a folder that is not ours. */
function writeDraft(path: string, text: string, { mode = 0o600, gid }: { readonly mode?: number; readonly gid?: number | undefined }): string {
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`
  const file = openSync(draft, 'wx', mode)
  try {
    // The umask has no say: it could shut out whom the file is for.
    fchmodSync(file, mode)
    writeFileSync(file, text)
    if (gid !== undefined) fchownSync(file, fstatSync(file).uid, gid)
    fsyncSync(file)
  } catch (cause) {
    rmSync(draft, { force: true })
    throw cause
  } finally {
    closeSync(file)
  }
  return draft
}

function openKept(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw unfit(path, 'cannot be read as this user', cause)
  }
}

const unfit = (path: string, what: string, cause?: unknown): Fault =>
  new Fault(
    'config_invalid',
    `the key file ${path} ${what}`,
    'give it to the user who runs this, with mode 0600; if others had it, take it for known to them',
    { cause },
  )

/** A new name is on disk once its folder is. Windows has no such call. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
