import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, rm, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { sameBytes } from '../base/bytes.ts'
import { type Lru, lru } from '../base/lru.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { syncFolder } from '../journal/durable-file.ts'
import { assertPartial, assertPath, CHECKPOINT, LIST_PAGE, type Objects, type Put } from './objects.ts'
import { type ArchiveRefusal, conflict } from './refusal.ts'

/** Files on their way, out of readers' sight and on the same file system as their places. */
const DRAFTS = '.drafts'
const DRAFT_AGE_MS = 3_600_000
/** Folders known to be on disk with all above them. */
const KNOWN_FOLDERS = 4096

/**
 * An archive in a folder, paths as they are, files readable by all who can reach the folder (0644): a static web server could serve it.
 * The file system needs hard links: that is how a name is taken only if it is free.
 */
export function folderObjects(folder: string): Objects {
  const root = resolve(folder)
  const known = lru<string, true>(KNOWN_FOLDERS)
  let swept = false

  async function put(path: string, bytes: Uint8Array): Promise<Put | 'conflict'> {
    const target = join(root, path)
    const drafts = join(root, DRAFTS)
    await ensureFolder(root, drafts, known)
    await ensureFolder(root, dirname(target), known)
    const draft = join(drafts, randomBytes(9).toString('hex'))
    try {
      await writeDraft(draft, bytes)
      if (!swept) await sweepDrafts(drafts, draft)
      swept = true
      if (path === CHECKPOINT) await rename(draft, target)
      else if (!(await taken(draft, target))) return (await standsAs(target, bytes)) ? 'stood' : 'conflict'
    } finally {
      await rm(draft, { force: true })
    }
    await syncFolder(dirname(target))
    return 'written'
  }

  return {
    get: (path) => {
      assertPath(path)
      return attempt(root, () => absentAsNull(readFile(join(root, path))))
    },
    put: async (path, bytes) => {
      assertPath(path)
      const outcome = await attempt(root, () => put(path, bytes))
      if (!outcome.ok) return outcome
      return outcome.value === 'conflict' ? refuse(conflict(path)) : done(outcome.value)
    },
    list: (prefix, after) =>
      attempt(root, async () => {
        const found: string[] = []
        for await (const path of walk(root, prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, after)) if (found.push(path) === LIST_PAGE) break
        return found
      }),
    removePartial: (path) => {
      assertPartial(path)
      return attempt(root, async () => {
        await absentAsNull(unlink(join(root, path)))
        known.delete(dirname(join(root, path)))
        // Others may still stand in it.
        await rmdir(dirname(join(root, path))).catch(() => undefined)
        return null
      })
    },
  }
}

async function writeDraft(draft: string, bytes: Uint8Array): Promise<void> {
  const file = await open(draft, 'wx', 0o644)
  try {
    // The umask would else decide who reads it.
    if (process.platform !== 'win32') await file.chmod(0o644)
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Whether the draft took the name; false when the name was taken before. Never replaces. */
async function taken(draft: string, target: string): Promise<boolean> {
  try {
    await link(draft, target)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Whether these very bytes stand there, made durable: whoever wrote them may have died before they were. */
async function standsAs(target: string, bytes: Uint8Array): Promise<boolean> {
  const file = await open(target, process.platform === 'win32' ? 'r+' : 'r')
  try {
    if (!sameBytes(await file.readFile(), bytes)) return false
    await file.sync()
  } finally {
    await file.close()
  }
  await syncFolder(dirname(target))
  return true
}

/** The folder is there, and on disk with all above it up to the root: whoever made them may have died before they were. */
async function ensureFolder(root: string, path: string, known: Lru<string, true>): Promise<void> {
  if (known.get(path)) return
  const first = await mkdir(path, { recursive: true, mode: 0o755 })
  const top = first !== undefined && first.length <= root.length ? dirname(first) : root
  for (let at = path; at.length > top.length; at = dirname(at)) await syncFolder(dirname(at))
  known.set(path, true)
}

/** What a writer that was killed left behind: drafts an hour older than the one just made, by the file system's own clock. */
async function sweepDrafts(drafts: string, own: string): Promise<void> {
  const { mtimeMs } = await stat(own)
  for (const name of await readdir(drafts)) {
    const age = await stat(join(drafts, name)).catch(() => null)
    if (age && age.mtimeMs < mtimeMs - DRAFT_AGE_MS) await rm(join(drafts, name), { force: true })
  }
}

/** Paths under `folder` (empty, or ending in a slash) in order of their characters, as a bucket lists them. */
async function* walk(root: string, folder: string, prefix: string, after: string): AsyncGenerator<string> {
  const entries = (await absentAsNull(readdir(join(root, folder), { withFileTypes: true }))) ?? []
  // A folder sorts by its name with the slash: `a.p/1` comes before `a/1`.
  const paths = entries.filter(({ name }) => !name.startsWith('.')).map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
  for (const path of paths.toSorted((a, b) => (a < b ? -1 : 1))) {
    if (!path.startsWith(prefix) && !prefix.startsWith(path)) continue
    if (path.endsWith('/')) {
      if (path > after || after.startsWith(path)) yield* walk(root, path, prefix, after)
    } else if (path > after) yield path
  }
}

async function absentAsNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error))) return null
    throw error
  }
}

async function attempt<T>(root: string, work: () => Promise<T>): Promise<Outcome<T, ArchiveRefusal>> {
  try {
    return done(await work())
  } catch (error) {
    return refuse(folderRefusal(root, error))
  }
}

const REFUSALS: Readonly<Record<string, readonly [code: ArchiveRefusal['code'], why: string, next: string]>> = {
  EACCES: ['denied', 'may not be read or written by this process', 'give the process’s user the folder'],
  EPERM: ['unsupported', 'forbids what an archive needs (hard links)', 'use a local file system with hard links, or a bucket'],
  ENOTSUP: ['unsupported', 'has no hard links', 'use a local file system with hard links, or a bucket'],
  EROFS: ['denied', 'is mounted read-only', 'mount it for writing'],
  ENOSPC: ['failed', 'has no space left', 'make room; what was published stands'],
  EDQUOT: ['failed', 'is over its quota', 'raise the quota; what was published stands'],
  EIO: ['failed', 'has a disk that fails', 'replace the disk, then run `gatehouse journal verify` over the folder'],
}

function folderRefusal(root: string, error: unknown): ArchiveRefusal {
  const [code, why, next] = REFUSALS[codeOf(error)] ?? ['failed', `does not work (${codeOf(error) || String(error)})`, 'look at the folder and try again']
  return { code, detail: `the archive's folder \`${root}\` ${why}`, next }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
