import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { flipBody } from '../../test/support/tamper.ts'
import type { Viewer } from './desk.ts'
import { entriesFor, refusedUnder } from './reading.ts'

const viewer = (person: string, isApprover: boolean): Viewer => ({ person, name: person, groups: [], isApprover, signedInAt: 0, confirmedAt: 0 })
const [ANNA, ERIK] = [viewer('anna', false), viewer('erik', true)]
let journal: FreshJournal

/** Anna's at 0, 1101 and 1102; between them more of nobody's than one look takes. */
beforeAll(async () => {
  journal = await freshJournal()
  const { record } = journal.journal
  await record({ kind: 'ask.refused', outcome: 'forbidden', person: 'anna', correlation: 'cor-1' })
  await journal.fill(1100)
  await record({ kind: 'ask.answered', outcome: 'done', person: 'anna', correlation: 'cor-2' })
  await record({ kind: 'ask.refused', outcome: 'forbidden', person: 'anna', correlation: 'cor-3' })
})
afterAll(() => journal.close())
const indices = async (who: Viewer, from: number | null, limit: number) => (await entriesFor(journal.store, who, from, limit)).map(({ index }) => index)

describe('who may read which entry', () => {
  it('is everybody theirs, looked for far enough back, and approvers all', async () => {
    expect(await indices(ANNA, null, 50)).toEqual([0, 1101, 1102])
    expect(await indices(ANNA, null, 2)).toEqual([1101, 1102])
    expect(await indices(ANNA, 1100, 2)).toEqual([1101])
    expect(await indices(ERIK, null, 3)).toEqual([1100, 1101, 1102])
    expect(await indices(ERIK, 1, 2)).toEqual([1, 2])
  })

  it('finds a refusal by its correlation, never an answer, and not for somebody else', async () => {
    expect((await refusedUnder(journal.store, ANNA, 'cor-1'))?.index).toBe(0)
    expect((await refusedUnder(journal.store, ERIK, 'cor-1'))?.index).toBe(0)
    expect(await refusedUnder(journal.store, viewer('mira', false), 'cor-1')).toBeNull()
    expect(await refusedUnder(journal.store, ANNA, 'cor-2')).toBeNull()
  })

  it('shows nobody the words of an entry that was altered', async () => {
    await flipBody(journal, 1102)
    expect(await indices(ERIK, null, 2)).toEqual([1101])
    expect(await refusedUnder(journal.store, ERIK, 'cor-3')).toBeNull()
  })
})
