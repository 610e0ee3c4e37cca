import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PruneStanding, prunable } from './prune.ts'

/** 1,000 entries old enough and guarded on all sides, none gone yet. */
const STANDING: PruneStanding = {
  minimumIndex: 0,
  hotDays: 90,
  agedSize: 1000,
  publishedSize: 5000,
  witnessedSize: 5000,
  keptSize: 4864,
  holds: [],
}

describe('what may leave the hot table', () => {
  it.each<[string, Partial<PruneStanding>, { readonly from: number; readonly to: number; readonly because: string }]>([
    ['goes in whole bundles, up to the age', {}, { from: 0, to: 768, because: 'entries from 1000 on are younger than 90 days' }],
    ['goes on from where the table begins', { minimumIndex: 256 }, { from: 256, to: 768, because: 'entries from 1000 on are younger than 90 days' }],
    ['ends exactly at a bundle’s border', { agedSize: 1024 }, { from: 0, to: 1024, because: 'entries from 1024 on are younger than 90 days' }],
    [
      'ends where publishing ends',
      { agedSize: 9000, publishedSize: 600, witnessedSize: 'none', keptSize: 'none' },
      { from: 0, to: 512, because: 'only 600 entries are published' },
    ],
    [
      'ends where the witnesses end',
      { witnessedSize: 300 },
      { from: 0, to: 256, because: 'only 300 entries are under a checkpoint with the witnesses’ quorum' },
    ],
    ['ends where WORM ends', { keptSize: 512 }, { from: 0, to: 512, because: 'only 512 entries are kept in WORM' }],
    [
      'ends before the first entry under hold',
      {
        holds: [
          { id: 'case-7', first: 300 },
          { id: 'case-8', first: 999 },
        ],
      },
      { from: 0, to: 256, because: 'legal hold `case-7` is on entries from 300 on' },
    ],
  ])('%s', (_, more, range) => {
    expect(prunable({ ...STANDING, ...more })).toEqual({ ok: true, value: range })
  })

  it.each<[string, Partial<PruneStanding>, string, string]>([
    ['without a policy', { hotDays: null }, 'no retention policy is set, and without one a log is never pruned', 'set how many days entries stay hot'],
    ['while all is young', { agedSize: 255 }, 'entries from 255 on are younger than 90 days', 'wait'],
    ['under a hold on everything', { holds: [{ id: 'case-9', first: null }] }, 'legal hold `case-9` is on everything', 'wait until the hold is lifted'],
    [
      'under a hold on the first bundle',
      { holds: [{ id: 'case-9', first: 255 }] },
      'legal hold `case-9` is on entries from 255 on',
      'wait until the hold is lifted',
    ],
    [
      'while nobody knows of witnesses',
      { witnessedSize: null },
      'nobody knows how many entries are under a checkpoint with the witnesses’ quorum',
      'look at the witnesses',
    ],
    ['while nobody knows of WORM', { keptSize: null }, 'nobody knows how many entries are kept in WORM', 'let the WORM upload catch up'],
    ['when all that may go is gone', { minimumIndex: 768 }, 'entries from 1000 on are younger than 90 days', 'wait'],
    ['when more is gone than should be', { minimumIndex: 2048 }, 'entries from 1000 on are younger than 90 days', 'wait'],
  ])('is nothing %s', (_, more, why, next) => {
    expect(prunable({ ...STANDING, ...more })).toEqual({
      ok: false,
      refusal: { code: 'rejected', detail: `nothing may leave the journal's table: ${why}`, next },
    })
  })

  it('is never an entry that any guard still wants', () => {
    const size = fc.integer({ min: 0, max: 5000 })
    const guard = fc.option(fc.oneof(size, fc.constant('none' as const)))
    const standing = fc.record({
      minimumIndex: size,
      hotDays: fc.option(fc.constant(90)),
      agedSize: size,
      publishedSize: size,
      witnessedSize: guard,
      keptSize: guard,
      holds: fc.array(fc.record({ id: fc.constant('case'), first: fc.option(size) }), { maxLength: 2 }),
    })
    fc.assert(
      fc.property(standing, (given) => {
        const outcome = prunable(given)
        if (!outcome.ok) return
        const { from, to } = outcome.value
        const guards = [given.agedSize, given.publishedSize, given.witnessedSize, given.keptSize, ...given.holds.map(({ first }) => first)]
        expect(given.hotDays).not.toBeNull()
        expect([from, to % 256]).toEqual([given.minimumIndex, 0])
        expect(to).toBeLessThanOrEqual(Math.min(...guards.flatMap((one) => (one === 'none' ? [] : [one ?? -1]))))
      }),
    )
  })

  it('throws on a size that is none', () => {
    expect(() => prunable({ ...STANDING, agedSize: Number.NaN })).toThrow('whole number')
  })
})
