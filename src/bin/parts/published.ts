import { bucketObjects } from '../../archive/bucket.ts'
import { bucketSettings } from '../../archive/bucket-address.ts'
import { folderObjects } from '../../archive/folder.ts'
import type { Objects } from '../../archive/objects.ts'
import { openS3 } from '../../archive/s3-client.ts'
import type { Config } from '../../config/config.ts'
import { tilePath } from '../../log/tile.ts'
import type { ReadTile } from '../../log/tile-proof.ts'

/** Where the configuration has the journal published. The archive's process writes it, the gate reads it. */
export function publishedAt({ journal }: Pick<Config, 'journal'>): { readonly objects: Objects; readonly close: () => void } {
  const settings = bucketSettings(journal.archive, journal.s3)
  if (settings === null) return { objects: folderObjects(journal.archive), close: () => undefined }
  const client = openS3(settings)
  return { objects: bucketObjects({ client, settings }), close: () => client.destroy() }
}

/** Its objects, for who reads what left the table. Rejects when it cannot be reached. */
export const bytesOf =
  (objects: Pick<Objects, 'get'>) =>
  async (path: string): Promise<Uint8Array | null> => {
    const read = await objects.get(path)
    if (!read.ok) throw new Error(read.refusal.detail)
    return read.value
  }

/** Tiles of hashes out of it, for proofs. Rejects when it cannot be reached. */
export function tilesOf(objects: Pick<Objects, 'get'>): ReadTile {
  const get = bytesOf(objects)
  return (level, index, width) => get(tilePath(level, index, width))
}
