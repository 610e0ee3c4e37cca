import { done, type Outcome, refuse } from '../base/outcome.ts'
import { TILE_WIDTH } from '../log/tile.ts'
import type { ArchiveRefusal } from './refusal.ts'

/** A hold that forbids removing anything from `first` on; null when nobody said which entries it is about. */
export type LegalHold = { readonly id: string; readonly first: number | null }

/** Sizes: the first so many entries. What nobody knows is null, and then nothing goes. */
export type PruneStanding = {
  /** Index of the first entry still in PostgreSQL. */
  readonly minimumIndex: number
  /** Days that entries stay in PostgreSQL; null without a retention policy: then a log is never pruned (C2SP tlog-tiles, "Retention Policies"). */
  readonly hotDays: number | null
  /** Index of the first entry younger than that. */
  readonly agedSize: number
  readonly publishedSize: number
  /** Under the newest checkpoint with the witnesses' quorum, or `none` where the policy asks for none. */
  readonly witnessedSize: number | 'none' | null
  /** Under WORM with its lock read back, or `none` where no WORM store is set up. */
  readonly keptSize: number | 'none' | null
  readonly holds: readonly LegalHold[]
}

/** Entries `from` to `to` (exclusive) may leave PostgreSQL; `to` is a bundle's border. `because`: what kept the next ones. */
export type PruneRange = { readonly from: number; readonly to: number; readonly because: string }

/**
 * Which entries may leave the hot table. They go in whole bundles, from the front, and only while every guard lets them: old enough, published, witnessed,
 * kept under lock, under no legal hold. `rejected` names the guard. Tree, indices and proofs stay as they are, and who follows the table reads on in the archive.
 */
export function prunable(standing: PruneStanding): Outcome<PruneRange, ArchiveRefusal> {
  const { minimumIndex } = standing
  if (standing.hotDays === null) return refuse(keeps('no retention policy is set, and without one a log is never pruned', 'set how many days entries stay hot'))
  const named = [standing.minimumIndex, standing.agedSize, standing.publishedSize]
  if (!named.every((size) => Number.isSafeInteger(size) && size >= 0)) throw new Error('a size is a whole number from 0 on')
  const guards: readonly Guard[] = [
    { size: standing.agedSize, because: `entries from ${standing.agedSize} on are younger than ${standing.hotDays} days`, next: 'wait' },
    { size: standing.publishedSize, because: `only ${standing.publishedSize} entries are published`, next: 'let the archive catch up' },
    proven(standing.witnessedSize, 'under a checkpoint with the witnesses’ quorum', 'look at the witnesses'),
    proven(standing.keptSize, 'kept in WORM', 'let the WORM upload catch up'),
    ...standing.holds.map(({ id, first }) => ({
      size: first ?? 0,
      because: first === null ? `legal hold \`${id}\` is on everything` : `legal hold \`${id}\` is on entries from ${first} on`,
      next: 'wait until the hold is lifted',
    })),
  ]
  const narrowest = guards.reduce((least, guard) => (guard.size < least.size ? guard : least))
  const to = Math.floor(narrowest.size / TILE_WIDTH) * TILE_WIDTH
  return to > minimumIndex ? done({ from: minimumIndex, to, because: narrowest.because }) : refuse(keeps(narrowest.because, narrowest.next))
}

type Guard = { readonly size: number; readonly because: string; readonly next: string }

/** Absence is denial: what nobody could say of is no entry's proof. */
function proven(size: number | 'none' | null, what: string, next: string): Guard {
  if (size === 'none') return { size: Number.MAX_SAFE_INTEGER, because: `all are ${what}`, next }
  return { size: size ?? 0, because: size === null ? `nobody knows how many entries are ${what}` : `only ${size} entries are ${what}`, next }
}

const keeps = (because: string, next: string): ArchiveRefusal => ({ code: 'rejected', detail: `nothing may leave the journal's table: ${because}`, next })
