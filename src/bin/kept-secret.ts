import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keyFolder } from './parts/keys.ts'

/** A password made once and kept owner-only in the key folder: the same for a name ever after. */
export function keptSecret(folder: string, name: string): string {
  const file = join(keyFolder(folder), name)
  try {
    writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  }
  return readFileSync(file, 'utf8').trim()
}
