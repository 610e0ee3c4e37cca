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

function valueOf<T>(outcome: Outcome<T, ArchiveRefusal>): T {
  if (outcome.ok) return outcome.value
  throw new Fault('data_unreachable', outcome.refusal.detail, outcome.refusal.next)
}
