import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const MEMORY = '/dev/shm'
/** With less left, in either, a run keeps to the disk: a small machine needs its memory. */
const ROOM_BYTES = 4 * 2 ** 30

/**
 * Where tests put the servers that they make: in memory where Linux has a place for files there, and room, otherwise where temporary files go. Hundreds of
 * databases are made for one test each, and to make one on a disk takes several times as long. Servers are told no less: fsync stays on.
 */
export const serversFolder = (): string => (hasRoom() ? MEMORY : tmpdir())

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= ROOM_BYTES && process.availableMemory() >= ROOM_BYTES
  } catch {
    return false
  }
}
