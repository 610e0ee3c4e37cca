import { randomBytes } from 'node:crypto'
import { link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * The file holds exactly `text` once this resolves, and after a crash either that or what it held before. Only its owner may read it,
 * unless `mode` says otherwise. With `fresh`, a file that stands already is left as it is and the call rejects with EEXIST.
 */
export async function writeDurably(
  path: string,
  text: string,
  { fresh = false, mode = 0o600 }: { readonly fresh?: boolean; readonly mode?: number } = {},
): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`
  try {
    const file = await open(draft, 'wx', mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await (fresh ? link(draft, path) : rename(draft, path))
  } finally {
    await rm(draft, { force: true })
  }
  await syncFolder(dirname(path))
}

/** A new name is on disk only once its folder is. Windows has no such call, and no need. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
