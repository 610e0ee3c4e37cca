import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Fault } from '../model/fault.ts'

/** Writes the file for its owner alone (0600): after a crash there is the old file or the new one, whole. */
export function writePrivate(path: string, text: string, mode = 0o600): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    const file = openSync(draft, 'wx', mode)
    try {
      writeFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
  syncFolder(dirname(path))
}

/**
 * The text of a file that only its owner may read, or null when there is none.
 * Faults: others may read or write it, or it is another's. Looked at after opening, so it cannot be exchanged in between.
 */
export function readPrivate(path: string): string | null {
  const file = openIfThere(path)
  if (file === null) return null
  try {
    const { mode, uid } = fstatSync(file)
    if (process.platform !== 'win32') {
      if ((mode & 0o077) !== 0)
        throw new Fault(
          'config_invalid',
          `others may read \`${path}\``,
          `take it for stolen: have the device revoked in the console, then enrol again with --replace`,
        )
      if (uid !== process.getuid?.()) throw new Fault('config_invalid', `\`${path}\` belongs to another user`, 'give a folder of your own with --home FOLDER')
    }
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new Fault('config_invalid', `cannot read \`${path}\``, 'see that it belongs to you', { cause: error })
  }
}

/** A rename is durable when its folder is. Windows has no such call. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
