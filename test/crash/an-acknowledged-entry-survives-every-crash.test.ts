import { describe, expect, it } from 'vitest'
import { type Campaign, crashCampaign } from './campaign.ts'
import { chanceOf } from './chance.ts'
import { type Point, SYSTEMATIC } from './points.ts'
import { canInject } from './strace.ts'

/** The long run is `run.ts`; its last report is docs/evidence/crash.md. This is a sample of it. */
const EVERY = 19
const FIRST = 5

const MOMENTS: readonly Point[] = (['writer', 'backend', 'helper', 'postmaster', 'all'] as const).map((struck, i) => ({
  way: 'moment',
  struck,
  afterMs: 7 * i,
}))

const after = (points: readonly Point[]): Promise<Campaign> =>
  crashCampaign({ points, count: points.length, perCluster: points.length, chance: chanceOf(20_261_123) })

function expectCounts({ reached, kinds, acknowledged, sealed, stored, ciphertexts, checkpoints, behind }: Campaign, reachedMin: number): void {
  const missed = [...kinds].filter(([, tally]) => tally.missed > 0).map(([kind]) => kind)
  if (missed.length > 0) console.warn(`NOT REACHED, since nobody made the call in time: ${missed.join('; ')}`)
  expect(reached).toBeGreaterThanOrEqual(reachedMin)
  expect(acknowledged).toBeGreaterThan(reached * 10)
  expect(stored).toBeGreaterThanOrEqual(acknowledged)
  expect(sealed).toBeGreaterThan(acknowledged / 3)
  expect(ciphertexts).toBeGreaterThanOrEqual(sealed)
  // How many a crash met is told by the long run (docs/evidence/crash.md): in so few points it may be none.
  expect(behind).toBeGreaterThan(reached)
  expect(checkpoints).toBeGreaterThanOrEqual(reached)
}

describe('an acknowledged entry', () => {
  it('is there once and at its index, with its ciphertext, and work goes on, whichever process is killed', { timeout: 120_000 }, async () => {
    const campaign = await after(MOMENTS)
    expect(campaign).toMatchObject({ failed: null, clusters: 1 })
    expectCounts(campaign, MOMENTS.length)
  })

  it.skipIf(!canInject())(
    'is so too where a process dies at a chosen system call, or the disk fails or is full (skipped aloud without root and strace)',
    { timeout: 120_000 },
    async () => {
      const points = SYSTEMATIC.filter((_, i) => i % EVERY === FIRST)
      const campaign = await after(points)
      expect(campaign).toMatchObject({ failed: null, clusters: 1 })
      expectCounts(campaign, points.length / 2)
    },
  )
})
