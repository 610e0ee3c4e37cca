import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../../model/fault.ts'

/** The folder of keys: made if it is not there, owner-only, or a fault. */
export function keyFolder(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (process.platform !== 'win32' && (statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700)
  return folder
}

/** A root secret of this house, 32 bytes, made at the first start. Faults `config_invalid` when the file is not one, or others may read it. */
export function rootKey(folder: string, name: string): Uint8Array {
  const file = join(keyFolder(folder), name)
  try {
    writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  }
  const open = process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url')
  if (open || key.length !== 32)
    throw new Fault(
      'config_invalid',
      `the key file ${file} is ${open ? 'readable by other users' : 'not a key'}`,
      'restore it from your backup, with mode 0600',
    )
  return key
}
