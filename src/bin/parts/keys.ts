import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../../model/fault.ts'
import { isOurs, keptText } from '../../store/cluster/kept-file.ts'

/** The signer's key. The verifier key lies beside it, `.vkey`. */
export const SIGNER_KEY = 'journal.key'
/** The gate's key for decisions taken at the console. */
export const DECISION_KEY = 'decisions.key'

/** The token of who may read the published journal over HTTP. */
export const READER_TOKEN = 'journal-reader'

/** The folder of keys: made if it is not there, and closed to others. Fault `config_invalid`: it is another user's, or cannot be made. */
export function keyFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const found = statSync(folder)
    if (!isOurs(found)) throw new Fault('config_invalid', `the key folder ${folder} belongs to another user (${found.uid})`, NEXT)
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) chmodSync(folder, 0o700)
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('config_invalid', `the key folder ${folder} cannot be made or closed to others as this user`, NEXT, { cause })
  }
  return folder
}

const NEXT = 'give it to the user who runs this, with mode 0700, or name another under `keys` in the configuration'

/** A root secret of this house, 32 bytes, made at the first start. Fault `config_invalid`: the file is not one, others may read it, or it is another user's. */
export function rootKey(folder: string, name: string): Uint8Array {
  const file = join(keyFolder(folder), name)
  const key = Buffer.from(keptText(file, () => randomBytes(32).toString('base64url')).trim(), 'base64url')
  if (key.length !== 32) throw new Fault('config_invalid', `the key file ${file} is not a key`, 'restore it from your backup, with mode 0600')
  return key
}
