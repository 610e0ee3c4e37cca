import type { LockedObjects } from '../../archive/locked.ts'
import type { Objects } from '../../archive/objects.ts'
import type { ArchiveRefusal } from '../../archive/refusal.ts'
import type { Outcome } from '../../base/outcome.ts'
import type { TileArchive } from '../../journal/source-tiles.ts'
import { Fault } from '../../model/fault.ts'

/** An archive's folder or bucket, to be read. Faults `data_unreachable` with what its keeper says. */
export const objectArchive = (name: string, objects: Pick<Objects, 'get' | 'list'>): TileArchive => ({
  name,
  get: async (path) => valueOf(await objects.get(path)),
  list: async (prefix, after) => valueOf(await objects.list(prefix, after)),
})

/**
 * A bucket under Object Lock, to be read: of each object the version that was locked first, hidden or not, so that whoever wrote over it or put a delete marker there
 * since changes nothing of what is read. Faults likewise.
 */
export function lockedArchive(name: string, locked: LockedObjects): TileArchive {
  async function firstLocked(path: string, oldestFirst: readonly string[]): Promise<string | undefined> {
    if (oldestFirst.length > 1) for (const version of oldestFirst) if (valueOf(await locked.lockOf(path, version))?.mode === 'COMPLIANCE') return version
    return oldestFirst[0]
  }
  return {
    name,
    get: async (path) => {
      const version = await firstLocked(path, valueOf(await locked.versions(path)).toReversed())
      return version === undefined ? null : valueOf(await locked.get(path, version))
    },
    list: async (prefix, after) => valueOf(await locked.list(prefix, after)),
  }
}

function valueOf<T>(outcome: Outcome<T, ArchiveRefusal>): T {
  if (outcome.ok) return outcome.value
  throw new Fault('data_unreachable', outcome.refusal.detail, outcome.refusal.next)
}
