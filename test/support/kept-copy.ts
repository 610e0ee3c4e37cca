import { bucketObjects } from '../../src/archive/bucket.ts'
import { lockedBucket } from '../../src/archive/locked-bucket.ts'
import { openS3 } from '../../src/archive/s3-client.ts'
import type { Table } from '../../src/archive/table.ts'
import { openWorm, type Payload } from '../../src/archive/worm.ts'
import { lockedArchive, objectArchive } from '../../src/bin/journal/object-archive.ts'
import type { TileArchive } from '../../src/journal/source-tiles.ts'
import type { VerifierKey } from '../../src/log/note-key.ts'
import { type FakeS3, startFakeS3 } from '../fakes/s3.ts'
import { published } from './log-copies.ts'
import { smallObjects } from './small-objects.ts'

/** A copy under lock in a bucket of the strict double, filled as the house fills it. */
export type KeptCopy = {
  readonly fake: FakeS3
  readonly archive: TileArchive
  /** Locks what the table has by now. */
  readonly fill: (table: Table, vkey: VerifierKey) => Promise<void>
  readonly close: () => Promise<void>
}

export const KEPT_BUCKET = 'vault'

export async function keptCopy(payloads: readonly Payload[] = []): Promise<KeptCopy> {
  const fake = await startFakeS3()
  fake.makeBucket(KEPT_BUCKET, { lock: true })
  const settings = { bucket: KEPT_BUCKET, prefix: 'log', region: fake.region, endpoint: fake.endpoint, pathStyle: true }
  const client = openS3(settings, fake.admin)
  const locked = lockedBucket({ client, settings })
  const name = 'the bucket'
  return {
    fake,
    archive: { ...objectArchive(name, bucketObjects({ client, settings })), kept: lockedArchive(name, locked) },
    fill: async (table, vkey) => {
      const objects = smallObjects(new Map(await published(table, vkey)))
      const retention = { tilesDays: 400, checkpointsDays: 400, payloadsDays: { ask: 400 } }
      const worm = openWorm({ objects, vkey, locked, retention, payloadsOf: () => Promise.resolve(payloads), clock: Date.now })
      for (let left = 256; left >= 256; ) {
        const standing = await worm.advance()
        if (!standing.ok) throw new Error(standing.refusal.detail)
        left = standing.value.lagEntries
      }
    },
    close: async () => {
      client.destroy()
      await fake.close()
    },
  }
}
