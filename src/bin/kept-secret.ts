import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { keptText } from '../store/cluster/kept-file.ts'
import { keyFolder } from './parts/keys.ts'

/** A password made once and kept owner-only in the key folder: the same for a name ever after. */
export const keptSecret = (folder: string, name: string): string => keptText(join(keyFolder(folder), name), () => randomBytes(32).toString('base64url')).trim()
