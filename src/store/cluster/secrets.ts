import { randomBytes } from 'node:crypto'
import { lchownSync, linkSync, lstatSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toBase64url } from '../../base/bytes.ts'

/** A secret of 192 random bits kept in `<data>/secrets/<name>`, readable by its owner only: made at the first call, the same ever after. */
export function secret(dataFolder: string, name: string): string {
  if (!/^[a-z][a-z0-9_-]*$/.test(name)) throw new Error('not a name for a secret')
  const folder = join(dataFolder, 'secrets')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!lstatSync(folder).isDirectory()) throw new Error(`\`${folder}\` is a link, not the folder we made`)
  const path = join(folder, name)
  return read(path) ?? create(path, folder)
}

/** Written whole, then linked into place: of two who come at once, one wins and both read the same. */
function create(path: string, folder: string): string {
  const draft = `${path}.${toBase64url(randomBytes(6))}`
  writeFileSync(draft, toBase64url(randomBytes(24)), { mode: 0o600, flag: 'wx' })
  const { uid, gid } = statSync(folder)
  if (process.getuid?.() === 0) lchownSync(draft, uid, gid)
  try {
    linkSync(draft, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  } finally {
    unlinkSync(draft)
  }
  return readFileSync(path, 'utf8')
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw cause
  }
}
