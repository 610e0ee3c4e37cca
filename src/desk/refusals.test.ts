import { describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { refuse } from '../base/outcome.ts'
import type { Record } from '../journal/record.ts'
import { readTail } from '../journal/tail.ts'
import { refusal } from '../model/refusal.ts'
import { openRefusals, type RefusedCall } from './refusals.ts'

/** Counts as they come, without a bound: the real ones are of the room of limits. */
function counts() {
  let held = new Map<string, number>()
  return {
    add: (source: string, times = 1) => void held.set(source, (held.get(source) ?? 0) + times),
    drain: () => {
      const drained = held
      held = new Map()
      return drained
    },
  }
}
const CALL: RefusedCall = { code: 'code_unknown', correlation: 'cor-1', source: '10.0.0.7', person: 'anna', call: 'link' }
const STRANGER = { ...CALL, person: null }

async function within<T>(work: (fresh: FreshJournal, kept: () => Promise<readonly object[]>) => Promise<T>): Promise<T> {
  const fresh = await freshJournal()
  const kept = async () =>
    (await readTail(fresh.store, 0, 100)).map((line) => {
      if ('fault' in line) throw new Error(line.fault)
      const { v: _v, at: _at, node: _node, ...entry } = line.entry
      return entry
    })
  try {
    return await work(fresh, kept)
  } finally {
    await fresh.close()
  }
}

describe('refusals of the console', () => {
  it('of a known person are one entry each, with person, code, call and correlation', () =>
    within(async ({ journal }, kept) => {
      const { refused, tell } = openRefusals({ record: journal.record, counts })
      await refused(CALL)
      await refused({ ...CALL, correlation: 'cor-2', code: 'origin_foreign', call: null })
      await tell()
      expect(await kept()).toEqual([
        { kind: 'console.refused', outcome: 'code_unknown', person: 'anna', correlation: 'cor-1', detail: { call: 'link' } },
        { kind: 'console.refused', outcome: 'origin_foreign', person: 'anna', correlation: 'cor-2', detail: { call: null } },
      ])
    }))

  it('that were recorded under the same correlation are not recorded again, and others are', () =>
    within(async ({ journal }, kept) => {
      const { record, refused } = openRefusals({ record: journal.record, counts })
      await record({ kind: 'change.refused', outcome: 'own_change', person: 'anna', correlation: 'cor-1' })
      await refused({ ...CALL, code: 'own_change', call: 'decideChange' })
      await record({ kind: 'change.decided', outcome: 'done', person: 'anna', correlation: 'cor-2' })
      await refused({ ...CALL, correlation: 'cor-2', code: 'change_not_waiting' })
      expect((await kept()).map((entry) => ('kind' in entry ? entry.kind : null))).toEqual(['change.refused', 'change.decided', 'console.refused'])
    }))

  it('of strangers are one entry for each code and minute, however many', () =>
    within(async ({ journal }, kept) => {
      const { refused, tell } = openRefusals({ record: journal.record, counts })
      for (let time = 0; time < 500; time++) await refused({ ...STRANGER, correlation: `cor-${time}`, source: `10.0.0.${time % 2}` })
      await refused({ ...STRANGER, code: 'sign_in_required' })
      expect(await kept()).toEqual([])
      await tell()
      await tell()
      expect(await kept()).toEqual([
        { kind: 'console.refused', outcome: 'code_unknown', detail: { counts: { '10.0.0.0': 250, '10.0.0.1': 250 } } },
        { kind: 'console.refused', outcome: 'sign_in_required', detail: { counts: { '10.0.0.7': 1 } } },
      ])
    }))

  it('of strangers are kept until the journal takes them', () =>
    within(async ({ journal }, kept) => {
      let down = true
      const record: Record = async (entry) => (down ? refuse(refusal('journal_unavailable', 'the journal cannot be written')) : journal.record(entry))
      const { refused, tell } = openRefusals({ record, counts })
      await refused(STRANGER)
      await refused(CALL)
      await tell()
      down = false
      await refused(STRANGER)
      await tell()
      expect(await kept()).toEqual([{ kind: 'console.refused', outcome: 'code_unknown', detail: { counts: { '10.0.0.7': 2 } } }])
    }))

  it.each(['store_unavailable', 'journal_unavailable', 'house_failed', 'source_unavailable'] as const)('%s is our outage, and nobody’s refusal', (code) =>
    within(async ({ journal }, kept) => {
      const { refused, tell } = openRefusals({ record: journal.record, counts })
      await refused({ ...CALL, code })
      await refused({ ...STRANGER, code })
      await tell()
      expect(await kept()).toEqual([])
    }),
  )
})
