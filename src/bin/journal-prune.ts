import { join } from 'node:path'
import { Command } from 'commander'
import { agedSize, heldAlike } from '../archive/hot.ts'
import type { Objects } from '../archive/objects.ts'
import { type PruneRange, type PruneStanding, prunable } from '../archive/prune.ts'
import { type Published, readPublished } from '../archive/published.ts'
import type { ArchiveRefusal } from '../archive/refusal.ts'
import { verifiedTiles } from '../archive/verified-tiles.ts'
import type { Outcome } from '../base/outcome.ts'
import type { Config } from '../config/config.ts'
import { readVkey, vkeyPath } from '../journal/key.ts'
import type { VerifierKey } from '../log/note-key.ts'
import { TILE_WIDTH } from '../log/tile.ts'
import { Fault } from '../model/fault.ts'
import { bulkRead } from '../store/journal-bulk.ts'
import { journalStore } from '../store/journal-store.ts'
import { openHolds, prunedSize, pruneTo } from '../store/pruned-store.ts'
import { plainLines } from './journal/plain.ts'
import { pilotKeys } from './journal/sources.ts'
import { daysFromOne, placed } from './keeper-options.ts'
import { faultOf, openWormFrom } from './parts/archive.ts'
import { type KeeperPlace, type OpenKeeper, openKeeper, pilotJournal } from './parts/keeper.ts'
import { SIGNER_KEY } from './parts/keys.ts'
import { publishedAt } from './parts/published.ts'
import { openWitnessing } from './parts/witnessing.ts'
import { progressBar } from './progress.ts'
import { readConfig } from './read-config.ts'

type Options = KeeperPlace & { readonly authority: string; readonly olderThanDays?: number; readonly key?: string; readonly dryRun?: true }

const DAY_MS = 86_400_000
/** Entries that leave in one transaction. */
const STEP_ENTRIES = 64 * TILE_WIDTH

/** `gatehouse journal prune`: the oldest entries leave the database for the archive. */
export const pruneCommand = (): Command =>
  placed(new Command('prune'))
    .description('takes the oldest entries out of the database: those that are old enough and lie whole in the archive. The journal verifies as before')
    .requiredOption('--authority <who>', 'on whose word')
    .option('--older-than-days <days>', 'how old, at least 1, instead of `journal.hotDays` of the configuration', daysFromOne)
    .option('--key <file>', "the log's verifier key, `journal.key.vkey`, where it does not lie in the house's key folder")
    .option('--dry-run', 'say what would leave the database, and take nothing')
    .action(prune)

async function prune({ dryRun, authority, ...options }: Options): Promise<void> {
  const place = placeOf(options)
  const hotDays = options.olderThanDays ?? place.journal.hotDays
  if (hotDays === undefined)
    throw new Fault(
      'config_invalid',
      'nobody said how long entries stay in the database',
      'set `journal.hotDays` in the configuration, or give --older-than-days',
    )
  const keeper = await openKeeper(options)
  const { objects, close } = publishedAt(place)
  try {
    const vkey = await readVkey(options.key ?? place.vkeyFile)
    const published = valueOf(await readPublished(objects, vkey))
    const standing = await standingOf({ keeper, place, objects, vkey, published, hotDays })
    if (standing.witnessedSize === null)
      throw new Fault('data_unreachable', 'nobody knows how many entries are under a checkpoint with the witnesses’ quorum', 'look at the witnesses')
    const range = prunable(standing)
    if (!range.ok) return say(range.refusal.detail, `next: ${range.refusal.next}`)
    const { from, to, because } = range.value
    if (published === null) throw new Error('what is not published cannot be pruned')
    await compared({ keeper, objects, published, range: range.value })
    if (dryRun) return say(`entries ${from} to ${to - 1} would leave the database; what would stay: ${because}`)
    await taken(keeper, range.value, { why: `older than ${hotDays} days`, authority })
    say(`entries ${from} to ${to - 1} left the database and lie in the archive; what stays: ${because}`)
  } finally {
    close()
    await keeper.close()
  }
}

type Place = Pick<Config, 'journal'> & { readonly vkeyFile: string; readonly config: Config | null }

function placeOf({ data, config }: KeeperPlace): Place {
  if (data !== undefined) return { journal: pilotJournal(data), vkeyFile: pilotKeys(data).key, config: null }
  if (config === undefined)
    throw new Fault('config_invalid', 'no house is named', 'name a running pilot with --data FOLDER, or a configuration with --config FILE')
  const found = readConfig(config)
  return { journal: found.journal, vkeyFile: vkeyPath(join(found.keys, SIGNER_KEY)), config: found }
}

type Asked = {
  readonly keeper: OpenKeeper
  readonly place: Place
  readonly objects: Objects
  readonly vkey: VerifierKey
  readonly published: Published | null
  readonly hotDays: number
}

async function standingOf({ keeper: { pool }, place, objects, vkey, published, hotDays }: Asked): Promise<PruneStanding> {
  const read = bulkRead({ pool })
  const minimumIndex = await prunedSize(pool)()
  const [first] = await read(Number.MIN_SAFE_INTEGER, 1)
  if (first && first.index !== minimumIndex)
    throw new Fault(
      'journal_broken',
      `the table begins at entry ${first.index}, and the database says that those below ${minimumIndex} were pruned`,
      'keep database and archive as they are, and run `gatehouse journal verify`',
    )
  const { size } = await journalStore({ pool }).head()
  const aged = await agedSize(read, minimumIndex, size, Date.now() - hotDays * DAY_MS)
  return {
    minimumIndex,
    hotDays,
    agedSize: aged,
    publishedSize: published?.checkpoint.size ?? 0,
    witnessedSize: place.config === null ? 'none' : await witnessedSize(place.config, vkey, pool),
    keptSize: await keptSize({ place, objects, vkey, pool }, minimumIndex, aged - (aged % TILE_WIDTH)),
    holds: (await openHolds(pool)()).map((id) => ({ id: `case ${id}`, first: null })),
  }
}

async function witnessedSize(config: Config, vkey: VerifierKey, pool: OpenKeeper['pool']): Promise<number | 'none' | null> {
  const witnessing = openWitnessing(config, vkey, pool)
  if (witnessing.policy === null) return 'none'
  await witnessing.look()
  return witnessing.standing()?.witnessed?.size ?? null
}

/** Asked of the bucket itself, with credentials of the archive's, which this command then needs. */
async function keptSize(
  { place, ...parts }: Pick<Asked, 'place' | 'objects' | 'vkey'> & Pick<OpenKeeper, 'pool'>,
  from: number,
  to: number,
): Promise<number | 'none'> {
  const found = openWormFrom(place, parts)
  try {
    return found === null ? 'none' : valueOf(await found.worm.keptTo(from, to))
  } finally {
    found?.close()
  }
}

type Comparing = {
  readonly keeper: OpenKeeper
  readonly objects: Objects
  readonly published: Published
  readonly range: PruneRange
}

/** INVARIANT: nothing leaves the table that the archive does not hold byte for byte, under the signed root. */
async function compared({ keeper: { pool }, objects, published, range }: Comparing): Promise<void> {
  const bar = progressBar('entries compared with the archive')
  try {
    valueOf(await heldAlike({ read: bulkRead({ pool }), archive: verifiedTiles(objects, published) }, range, bar.show))
  } finally {
    bar.end()
  }
}

/** Told first: broken off anywhere, the next order goes on from what is left. */
async function taken({ record, pool }: OpenKeeper, { from, to }: PruneRange, said: { readonly why: string; readonly authority: string }): Promise<void> {
  const told = await record({ kind: 'journal.pruned', outcome: 'done', detail: { from, to, ...said } })
  if (!told.ok)
    throw new Fault('postgres_unreachable', `the journal did not take the entry, and nothing left: ${told.refusal.detail}`, 'run the same command again')
  const bar = progressBar('entries taken out of the database')
  try {
    for (let size = from; size < to; ) {
      const next = Math.min(to, size + STEP_ENTRIES)
      await pruneTo(pool)(size, next)
      size = next
      bar.show(size - from, to - from)
    }
  } finally {
    bar.end()
  }
}

function valueOf<T>(outcome: Outcome<T, ArchiveRefusal>): T {
  if (outcome.ok) return outcome.value
  throw faultOf(outcome.refusal)
}

const say = (...lines: readonly string[]): void => void process.stdout.write(`${plainLines(lines.join('\n'))}\n`)
