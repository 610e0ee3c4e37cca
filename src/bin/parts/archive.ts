import { join } from 'node:path'
import type { Pool } from 'pg'
import { bucketSettings } from '../../archive/bucket-address.ts'
import { lockedBucket } from '../../archive/locked-bucket.ts'
import { CHECKPOINT, type Objects } from '../../archive/objects.ts'
import { readPublished } from '../../archive/published.ts'
import type { ArchiveRefusal } from '../../archive/refusal.ts'
import { openS3 } from '../../archive/s3-client.ts'
import { openTiler, type Tiler } from '../../archive/tiler.ts'
import { postToWitness } from '../../archive/witness/ask.ts'
import { openWitnessClient, type WitnessClient } from '../../archive/witness/client.ts'
import { openWorm, type Worm } from '../../archive/worm.ts'
import { utf8 } from '../../base/bytes.ts'
import type { Config } from '../../config/config.ts'
import type { Environment } from '../../config/environment.ts'
import { ENTRY_KINDS } from '../../journal/entry.ts'
import { readVkey, vkeyPath } from '../../journal/key.ts'
import { payloadsOf } from '../../journal/vault/read.ts'
import type { VerifierKey } from '../../log/note-key.ts'
import { Fault } from '../../model/fault.ts'
import { cosignatureStore } from '../../store/cosignature-store.ts'
import { vaultStore } from '../../store/vault-store.ts'
import { complain, openEntries } from './house.ts'
import { SIGNER_KEY } from './keys.ts'
import { every, type Part } from './part.ts'
import { publishedAt, tilesOf } from './published.ts'
import { readWitnessPolicy } from './witness-policy.ts'

const PUBLISH_EVERY_MS = 500
const LOCK_EVERY_MS = 60_000

/**
 * The archive: publishes the journal as tiles, has its checkpoints witnessed, and copies it to where nobody can remove it. It may read the journal and
 * write down cosignatures, nothing else, and trusts only the signer's key. It stops for good, as the signer does, over what does not fit.
 */
export async function startArchive(config: Config, environment: Environment): Promise<Part> {
  const { entries, pool, close } = await openEntries(environment, 'archive')
  const vkey = await readVkey(vkeyPath(join(config.keys, SIGNER_KEY)))
  const policy = readWitnessPolicy(config, vkey)?.policy ?? null
  const { objects, close: closeObjects } = publishedAt(config)
  const witnesses =
    policy &&
    openWitnessClient({
      policy,
      vkey,
      tiles: tilesOf(objects),
      ask: postToWitness,
      store: cosignatureStore(pool),
      signedSize: async () => (await entries.latestCheckpoint())?.size ?? 0,
      clock: Date.now,
      onTrouble: (witness, why) => complain('archive', new Error(`the witness ${witness} gave no cosignature: ${why}`)),
    })
  const tiler = openTiler({ table: entries, objects, vkey, ...(witnesses && { countersign: witnesses.countersign }) })
  const worm = openWormFrom(config, { objects, vkey, pool })

  const failed = failures()
  const publish = async (): Promise<void> => {
    await publishAll(tiler)
    if (witnesses) await witnessAgain(objects, vkey, witnesses)
  }
  await publishFirst(tiler)
  const loops = [every(PUBLISH_EVERY_MS, publish, failed), ...(worm ? [every(LOCK_EVERY_MS, () => lockAll(worm.worm), failed)] : [])]
  return {
    ready: {},
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()))
      await publish().catch((cause: unknown) => complain('archive', cause))
      worm?.close()
      closeObjects()
      await close()
    },
  }
}

/** Until nothing newer is signed. Throws the Fault of what the archive refuses. */
async function publishAll(tiler: Tiler): Promise<void> {
  for (;;) {
    const published = await tiler.advance()
    if (!published.ok) throw faultOf(published.refusal)
    if (published.value === null) return
  }
}

/** A folder that cannot be written, or an archive that is not this journal's, is told at once; a bucket that does not answer may do so later. */
async function publishFirst(tiler: Tiler): Promise<void> {
  const published = await tiler.advance()
  if (published.ok) return
  if (published.refusal.code === 'unreachable' || published.refusal.code === 'failed') complain('archive', faultOf(published.refusal))
  else throw faultOf(published.refusal)
}

/** What was published without one witness or the other is published again once that one has cosigned it. */
async function witnessAgain(objects: Objects, vkey: VerifierKey, witnesses: WitnessClient): Promise<void> {
  const published = await readPublished(objects, vkey)
  if (!published.ok) throw faultOf(published.refusal)
  if (published.value === null) return
  const { note, checkpoint } = published.value
  const grown = await witnesses.countersign({ size: checkpoint.size, note })
  if (grown === note) return
  const put = await objects.put(CHECKPOINT, utf8(grown))
  if (!put.ok) throw faultOf(put.refusal)
}

type WormHouse = { readonly objects: Objects; readonly vkey: VerifierKey; readonly pool: Pool }

/** The copy nobody can remove, where the configuration has one. */
export function openWormFrom(
  { journal }: Pick<Config, 'journal'>,
  { objects, vkey, pool }: WormHouse,
): { readonly worm: Worm; readonly close: () => void } | null {
  if (!journal.worm) return null
  const { bucket, tilesDays, checkpointsDays, payloadsDays } = journal.worm
  const settings = bucketSettings(bucket, journal.worm)
  if (settings === null) throw new Error('the configuration was read with an address of a bucket in it')
  const client = openS3(settings)
  const worm = openWorm({
    objects,
    vkey,
    locked: lockedBucket({ client, settings }),
    retention: { tilesDays, checkpointsDays, payloadsDays: { ...everyClass(tilesDays), ...payloadsDays } },
    payloadsOf: payloadsOf(vaultStore(pool)),
    clock: Date.now,
  })
  return { worm, close: () => client.destroy() }
}

/** Payloads are of the class of their entry's kind, `ask` or `change`: as long as the entries, where nothing else is set. */
const everyClass = (days: number): Readonly<Record<string, number>> => Object.fromEntries(ENTRY_KINDS.map((kind) => [kind.slice(0, kind.indexOf('.')), days]))

/** Until all full tiles are locked. */
async function lockAll(worm: Worm): Promise<void> {
  for (;;) {
    const standing = await worm.advance()
    if (!standing.ok) throw faultOf(standing.refusal)
    if (standing.value.lagEntries < 256) return
  }
}

/** Hears what went wrong in a turn; what goes on going wrong is told once. */
function failures(): (cause: unknown) => void {
  let last = ''
  return (cause) => {
    const said = cause instanceof Error ? cause.message : String(cause)
    if (said !== last) complain('archive', cause)
    last = said
    endIfBroken(cause)
  }
}

function endIfBroken(cause: unknown): void {
  // INVARIANT: over what does not fit nothing is ever published again by this process.
  if (cause instanceof Fault && cause.code === 'journal_broken') process.exit(3)
}

/** What the archive refuses, as a fault: `journal_broken` where it contradicts what was signed. */
export function faultOf({ code, detail, next }: ArchiveRefusal): Fault {
  return code === 'broken' || code === 'conflict' ? new Fault('journal_broken', detail, next) : new Fault('data_unreachable', detail, next)
}
