import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { flipBody } from '../../test/support/tamper.ts'
import { readTail } from './tail.ts'

let fresh: FreshJournal
beforeAll(async () => {
  fresh = await freshJournal()
  await fresh.fill(10)
})
afterAll(() => fresh.close())

const indices = async (from: number | 'end', limit: number) => (await readTail(fresh.store, from, limit)).map(({ index }) => index)

describe('readTail', () => {
  it.each([
    ['end', 3, [7, 8, 9]],
    ['end', 50, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [8, 50, [8, 9]],
    [2, 2, [2, 3]],
    [10, 5, []],
  ] as const)('from %s gives at most %d, newest last', async (from, limit, expected) => {
    expect(await indices(from, limit)).toEqual(expected)
  })

  it('shows a fault, not the words, of an entry that was altered', async () => {
    await flipBody(fresh, 8)
    expect(await readTail(fresh.store, 7, 3)).toEqual([
      { index: 7, entry: expect.objectContaining({ kind: 'ask.answered', detail: { n: 7 } }) },
      { index: 8, fault: 'entry 8 does not match its leaf hash: its body or its hash was altered' },
      { index: 9, entry: expect.objectContaining({ detail: { n: 9 } }) },
    ])
  })
})
