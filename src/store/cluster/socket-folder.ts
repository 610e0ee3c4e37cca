import { chmodSync, lchownSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OsUser } from './os-user.ts'
import { unreachableAncestor } from './reachable.ts'

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, the closing zero included. */
const PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107

const fits = (folder: string): boolean => Buffer.byteLength(join(folder, '.s.PGSQL.5432.lock')) <= PATH_BYTES_MAX && !/[\\,"]/.test(folder)

/**
 * A folder for the socket that only its owner reaches, as root the house's group too, whose parts connect to it: `<data>/socket`, or a new one
 * under the temp folder when that path is too long for a socket.
 */
export function makeSocketFolder(dataFolder: string, user: OsUser): string {
  const near = join(dataFolder, 'socket')
  const folder = fits(near) ? near : mkdtempSync(join(tempFolder(user), 'gatehouse-'))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!lstatSync(folder).isDirectory()) throw new Error(`\`${folder}\` is a link, not the folder we made`)
  if (user.switched) {
    chmodSync(folder, 0o710)
    lchownSync(folder, user.uid, user.gid)
  }
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
