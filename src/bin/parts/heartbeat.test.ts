import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal } from '../../../test/support/journal.ts'
import { readTail } from '../../journal/tail.ts'
import { heartbeat } from './heartbeat.ts'

let fresh: FreshJournal
beforeAll(async () => {
  fresh = await freshJournal()
})
afterAll(() => fresh.close())

describe('heartbeat', () => {
  it('records that nothing happened once a silence has lasted 57 s, and not while anything is recorded by anybody', async () => {
    const { store, journal } = fresh
    let now = 0
    const beat = heartbeat({ store, record: journal.record, clock: () => now })
    const kinds = async () => (await readTail(store, 0, 100)).map((line) => ('entry' in line ? line.entry.kind : ''))
    await fresh.fill(1)
    for (const seconds of [0, 56]) {
      now = seconds * 1000
      await beat()
    }
    expect(await kinds()).toEqual(['ask.answered'])
    now = 57_000
    await beat()
    expect(await kinds()).toEqual(['ask.answered', 'house.heartbeat'])
    // The heartbeat itself is something that happened; and so is what another process records.
    now = 58_000
    await beat()
    now = 110_000
    await fresh.fill(1)
    await beat()
    now = 160_000
    await beat()
    expect(await kinds()).toEqual(['ask.answered', 'house.heartbeat', 'ask.answered'])
    now = 167_001
    await beat()
    expect((await kinds()).at(-1)).toBe('house.heartbeat')
  })
})
