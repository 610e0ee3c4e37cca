import { type Stats, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

type Ids = { readonly uid: number; readonly gid: number }

/** What the mode bits leave this user: a mask of 4 (read), 2 (write), 1 (execute or pass). Root is not asked about here. */
export function rightsOf(found: Pick<Stats, 'mode' | 'uid' | 'gid'>, user: Ids): number {
  if (found.uid === user.uid) return (found.mode >> 6) & 7
  if (found.gid === user.gid) return (found.mode >> 3) & 7
  return found.mode & 7
}

/** The topmost folder of `folder` and its ancestors that this user cannot pass through, or null. */
export function unreachableAncestor(folder: string, user: Ids): string | null {
  const path = resolve(folder)
  const parent = dirname(path)
  const above = parent === path ? null : unreachableAncestor(parent, user)
  if (above !== null) return above
  return (rightsOf(statSync(path), user) & 1) === 0 ? path : null
}
