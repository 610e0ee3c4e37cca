import { randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { toBase64url } from '../../base/bytes.ts'
import { keptText } from './kept-file.ts'

/** A secret of 192 random bits kept in `<data>/secrets/<name>`, readable by its owner only: made at the first call, the same ever after. */
export function secret(dataFolder: string, name: string): string {
  if (!/^[a-z][a-z0-9_-]*$/.test(name)) throw new Error('not a name for a secret')
  const folder = join(dataFolder, 'secrets')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!lstatSync(folder).isDirectory()) throw new Error(`\`${folder}\` is a link, not the folder we made`)
  return keptText(join(folder, name), () => toBase64url(randomBytes(24)))
}
