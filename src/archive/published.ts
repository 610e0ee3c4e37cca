import { type Brand, mint } from '../base/brand.ts'
import { sameBytes } from '../base/bytes.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Checkpoint, openCheckpoint } from '../log/checkpoint.ts'
import type { VerifierKey } from '../log/note-key.ts'
import { tileWidth } from '../log/tile.ts'
import { type Edge, edgeRoot, fullTiles, levelsOf } from './edge.ts'
import { CHECKPOINT, type Objects } from './objects.ts'
import { type ArchiveRefusal, brokenArchive } from './refusal.ts'
import { readTile } from './tile-object.ts'

/** An archive's checkpoint with the log's signature verified, and the right edge of its tiles, which make the root that it names. */
export type Published = Brand<{ readonly note: string; readonly checkpoint: Checkpoint; readonly edge: Edge }, 'Published'>

/** What the archive publishes, or null when it has no checkpoint yet. `broken` when the checkpoint is not the log's or the tiles are not its. */
export async function readPublished(objects: Pick<Objects, 'get'>, vkey: VerifierKey): Promise<Outcome<Published | null, ArchiveRefusal>> {
  const read = await objects.get(CHECKPOINT)
  if (!read.ok || read.value === null) return read.ok ? done(null) : read
  const note = Buffer.from(read.value).toString()
  const checkpoint = openCheckpoint(note, vkey)
  if (checkpoint === null) return refuse(brokenArchive(`the archive's checkpoint does not carry the signature of ${vkey.name}`))
  const levels: (readonly Uint8Array[])[] = []
  for (let level = 0; level < levelsOf(checkpoint.size); level++) {
    const index = fullTiles(checkpoint.size, level)
    const width = tileWidth(level, index, checkpoint.size)
    const hashes = width === 0 ? done([]) : await readTile(objects, level, index, width)
    if (!hashes.ok) return hashes
    if (hashes.value === null)
      return refuse(brokenArchive(`the archive's checkpoint names ${checkpoint.size} entries, but its last tile of level ${level} is gone`))
    levels.push(hashes.value)
  }
  const edge = { size: checkpoint.size, levels }
  if (!sameBytes(edgeRoot(edge), checkpoint.root))
    return refuse(brokenArchive(`the archive's last tiles do not make the root of its checkpoint of size ${checkpoint.size}`))
  return done(mint<Published>({ note, checkpoint, edge }))
}
