import { type CrashHouse, openCrashHouse } from './house.ts'
import { kindOf, type Point } from './points.ts'
import { strike } from './strike.ts'

/** What came of many crashes. A campaign ends at the first thing that is wrong: the data stays where it is, to be looked at. */
export type Campaign = {
  readonly reached: number
  readonly kinds: ReadonlyMap<string, Tally>
  readonly clusters: number
  readonly acknowledged: number
  /** Of these, entries that name a ciphertext. */
  readonly sealed: number
  readonly stored: number
  /** That the stored ones name, each seen to be there. */
  readonly ciphertexts: number
  /** Checkpoints that verify, over all clusters. */
  readonly checkpoints: number
  /** Batches sent behind one that was under way. */
  readonly behind: number
  /** Times a writer was killed, or a batch of its failed, while it had two under way. */
  readonly struckInTwo: number
  readonly starts: { readonly server: number; readonly writers: number; readonly shut: number; readonly stuck: number }
  /** The sentence of what failed, and at which point; null when nothing did. */
  readonly failed: string | null
}

/** `missed`: nobody made such a call in time, so nothing was struck. Not counted among the points. */
export type Tally = { reached: number; missed: number }

export type CampaignOptions = {
  readonly points: readonly Point[]
  /** Ends when so many were reached. */
  readonly count: number
  /** A cluster is verified whole, and a new one begun, after so many points. */
  readonly perCluster: number
  readonly chance: () => number
  readonly onPoint?: (progress: { readonly reached: number; readonly kind: string; readonly ms: number }) => void
}

/** Strikes at every point in turn; after each, everything recovers, work goes on, and what was acknowledged is looked for. */
export async function crashCampaign({ points, count, perCluster, chance, onPoint = () => undefined }: CampaignOptions): Promise<Campaign> {
  const kinds = new Map<string, Tally>()
  const sum = { reached: 0, clusters: 0, acknowledged: 0, sealed: 0, stored: 0, ciphertexts: 0, checkpoints: 0, behind: 0, struckInTwo: 0 }
  const starts = { server: 0, writers: 0, shut: 0, stuck: 0 }
  let failed: string | null = null

  for (let from = 0; from < points.length && sum.reached < count && failed === null; from += perCluster) {
    const house = await openCrashHouse({ rests: sum.clusters % 2 === 0 })
    sum.clusters++
    let at = 'before the first point'
    try {
      await house.recover()
      for (const point of points.slice(from, from + perCluster)) {
        if (sum.reached === count) break
        at = `${kindOf(point)} (${JSON.stringify(point)})`
        const began = performance.now()
        const hit = await pass(house, point, chance)
        const tally = kinds.get(kindOf(point)) ?? { reached: 0, missed: 0 }
        kinds.set(kindOf(point), tally)
        if (hit) tally.reached++
        else tally.missed++
        if (hit) sum.reached++
        onPoint({ reached: sum.reached, kind: `${kindOf(point)}${hit ? '' : ' (missed)'}`, ms: performance.now() - began })
      }
      at = 'at the end of a cluster'
      await house.settle()
      await house.check()
      const report = await house.verify()
      if (!report.ok) throw new Error(`verify: ${report.faults.join('; ')}`)
      sum.checkpoints += report.checkpoints
    } catch (cause) {
      failed = `${at}: ${cause instanceof Error ? cause.message : String(cause)}; the data is in ${house.folder}`
    }
    for (const name of ['acknowledged', 'sealed', 'stored', 'ciphertexts'] as const) sum[name] += house.ledger[name]()
    sum.behind += house.counts.behind
    sum.struckInTwo += house.counts.struckInTwo
    for (const name of ['server', 'writers', 'shut'] as const) starts[name] += house.counts[name]
    starts.stuck += house.server.stuck()
    await house.close(failed !== null)
  }
  return { ...sum, kinds, starts, failed }
}

async function pass(house: CrashHouse, point: Point, chance: () => number): Promise<boolean> {
  const hit = await strike({ server: house.server, writers: house.writers(), chance }, point)
  await house.recover()
  await house.check()
  return hit
}
