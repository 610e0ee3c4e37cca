import { lchownSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OsUser } from './os-user.ts'
import { unreachableAncestor } from './reachable.ts'

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, the closing zero included. */
const PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107

const fits = (folder: string): boolean => Buffer.byteLength(join(folder, '.s.PGSQL.5432.lock')) <= PATH_BYTES_MAX && !/[\\,"]/.test(folder)

/** An owner-only folder for the socket: `<data>/socket`, or a new one under the temp folder when that path is too long for a socket. */
export function makeSocketFolder(dataFolder: string, user: OsUser): string {
  const near = join(dataFolder, 'socket')
  const folder = fits(near) ? near : mkdtempSync(join(tempFolder(user), 'gatehouse-'))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // As root we work in a folder that PostgreSQL's user owns: a link put there must not lead us elsewhere.
  if (!lstatSync(folder).isDirectory()) throw new Error(`\`${folder}\` is a link, not the folder we made`)
  if (user.switched) lchownSync(folder, user.uid, user.gid)
  return folder
}

export function removeSocketFolder(dataFolder: string, folder: string): void {
  if (folder !== join(dataFolder, 'socket')) rmSync(folder, { recursive: true, force: true })
}

function tempFolder(user: OsUser): string {
  const own = tmpdir()
  const reached = !user.switched || unreachableAncestor(own, user) === null
  return reached && fits(join(own, 'gatehouse-XXXXXX')) ? own : '/tmp'
}
