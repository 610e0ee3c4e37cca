import { calibrate, type Disk } from './disk.ts'
import { quantile, type Spread, spreadOf } from './figures.ts'
import type { Kind } from './journal-asks.ts'
import type { Floor } from './journal-floor.ts'
import type { JournalHouse } from './journal-house.ts'
import { closedLoop } from './journal-loops.ts'

/** So many appenders and the floor in turns. Entries a second; `ratio`: of the journal's to the floor's in the same round; milliseconds, over all rounds together. */
export type Appending = {
  readonly count: number
  readonly sealed: boolean
  readonly ours: Spread
  readonly floor: Spread
  readonly ratio: Spread
  readonly p50: number
  readonly p99: number
  /** The medians of the rounds: of a write as long as one entry, and as long as a batch of `count`. */
  readonly disk: { readonly entry: Disk; readonly batch: Disk }
}

export type Rounds = { readonly folder: string; readonly rounds: number; readonly seconds: number }

/** Each round: the disk, then both, about `seconds` each; which of them is first changes from round to round. */
export async function inTurns(house: JournalHouse, floor: Floor, kind: Kind, count: number, { folder, rounds, seconds }: Rounds): Promise<Appending> {
  const insert = floor.of(kind, count)
  const found = []
  for (let round = 0; round < rounds; round++) {
    const entry = calibrate(folder, kind.bytes)
    const batch = count === 1 ? entry : calibrate(folder, kind.bytes * count)
    const before = round % 2 === 0 ? await insert(seconds) : null
    const ours = await closedLoop(house, kind, count, seconds)
    found.push({ entry, batch, ours, floor: before ?? (await insert(seconds)) })
  }
  const times = found.flatMap(({ ours }) => ours.times)
  return {
    count,
    sealed: kind.sealed,
    ours: spreadOf(found.map(({ ours }) => ours.perSecond)),
    floor: spreadOf(found.map((one) => one.floor)),
    ratio: spreadOf(found.map((one) => one.ours.perSecond / one.floor)),
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    disk: { entry: middleOf(found.map(({ entry }) => entry)), batch: middleOf(found.map(({ batch }) => batch)) },
  }
}

const middleOf = (disks: readonly Disk[]): Disk => ({ p50: spreadOf(disks.map(({ p50 }) => p50)).median, p99: spreadOf(disks.map(({ p99 }) => p99)).median })
