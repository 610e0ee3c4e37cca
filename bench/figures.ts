import { LEVELS, type Reading } from './ask.ts'

/** The middle of several readings, with the lowest and highest beside it. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number }

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const at = (i: number): number => sorted[i] ?? Number.NaN
  return { median: sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2, min: at(0), max: at(sorted.length - 1) }
}

/** A row of the table: one target at one level, over all rounds. `ratio`: to the floor's rate in the same round. */
export type Row = {
  readonly target: string
  readonly connections: number
  readonly rate: Spread
  readonly ratio: Spread
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly calls: number
  readonly cpu: Readonly<Record<string, number>>
}

export function rowsOf(readings: readonly Reading[], targets: readonly string[], floor: string): readonly Row[] {
  return LEVELS.flatMap((connections) =>
    targets.map((target) => {
      const mine = readings.filter((reading) => reading.target === target && reading.connections === connections)
      const over = (pick: (reading: Reading) => number): Spread => spreadOf(mine.map(pick))
      const floorRate = ({ round }: Reading): number =>
        readings.find((reading) => reading.target === floor && reading.connections === connections && reading.round === round)?.callsPerSecond ?? Number.NaN
      return {
        target,
        connections,
        rate: over((reading) => reading.callsPerSecond),
        ratio: over((reading) => reading.callsPerSecond / floorRate(reading)),
        p50: over((reading) => reading.p50).median,
        p95: over((reading) => reading.p95).median,
        p99: over((reading) => reading.p99).median,
        calls: mine.reduce((sum, reading) => sum + reading.calls, 0),
        cpu: Object.fromEntries(Object.keys(mine[0]?.cpu ?? {}).map((name) => [name, over((reading) => reading.cpu[name] ?? 0).median])),
      }
    }),
  )
}

/** The value that this share of them do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
