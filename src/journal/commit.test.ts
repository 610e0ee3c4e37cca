import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Append, bodiesIn, door, lost, through as throughStore, turn } from '../../test/support/appends.ts'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { utf8 } from '../base/bytes.ts'
import type { Outcome } from '../base/outcome.ts'
import type { Refusal } from '../model/refusal.ts'
import { groupCommit } from './commit.ts'
import type { Appended, Batch, EntryStore } from './entry-store.ts'
import { verifyJournal } from './verify.ts'
import type { Committed } from './waiting.ts'

let fresh: FreshJournal
beforeEach(async () => {
  fresh = await freshJournal()
})
afterEach(() => fresh.close())

const through = (append: (batch: Batch, real: Append) => Promise<Appended>): EntryStore => throughStore(fresh.store, append)
const bodies = (): Promise<readonly string[]> => bodiesIn(fresh.store)

const UNAVAILABLE = { ok: false, refusal: { code: 'journal_unavailable' } }
const indexOf = (outcome: Outcome<Committed, Refusal>): number => (outcome.ok ? outcome.value.index : -1)

describe('groupCommit', () => {
  it('commits all of one turn at once and the few that came meanwhile as one batch, in order', async () => {
    const sizes: number[] = []
    const { commit } = groupCommit({
      writer: randomUUID(),
      store: through((batch, real) => {
        sizes.push(batch.bodies.length)
        return real(batch)
      }),
    })
    const some = (count: number, from: number) => Array.from({ length: count }, (_, i) => commit(utf8(`e${from + i}`)))
    const first = some(2, 0)
    await turn()
    const outcomes = await Promise.all([...first, ...some(7, 2)])
    expect(outcomes.map(indexOf)).toEqual(Array.from({ length: 9 }, (_, i) => i))
    expect(await bodies()).toEqual(Array.from({ length: 9 }, (_, i) => `e${i}`))
    expect(sizes).toEqual([2, 7])
  })

  it('tells those who are durable so, though the next batch fails', async () => {
    let sent = 0
    const { commit } = groupCommit({
      writer: randomUUID(),
      store: through((batch, real) => (++sent === 2 ? Promise.reject(new Error('down')) : real(batch))),
    })
    const outcomes = await Promise.all(Array.from({ length: 40 }, (_, i) => commit(utf8(`e${i}`))))
    expect(outcomes.map(indexOf)).toEqual([...Array.from({ length: 20 }, (_, i) => i), ...Array<number>(20).fill(-1)])
    expect(outcomes[39]).toMatchObject(UNAVAILABLE)
    expect(await bodies()).toHaveLength(20)
  })

  it('takes at most 1,024 entries or 4 MB into a batch, and has two under way, never three', async () => {
    const sizes: number[] = []
    let [underWay, most] = [0, 0]
    const gate = door()
    const { commit } = groupCommit({
      writer: randomUUID(),
      store: through(async (batch, real) => {
        sizes.push(batch.bodies.length)
        most = Math.max(most, ++underWay)
        await gate.opened
        return real(batch).finally(() => underWay--)
      }),
      timeoutMs: 20_000,
    })
    const first = commit(utf8('first'))
    await turn()
    const large = Array.from({ length: 130 }, () => commit(new Uint8Array(65_535)))
    const small = Array.from({ length: 2000 }, (_, i) => commit(utf8(`s${i}`)))
    gate.open()
    expect((await Promise.all([first, ...large, ...small])).every(({ ok }) => ok)).toBe(true)
    // 64 entries of 65,535 bytes stay under 4 MB, the 65th does not.
    expect(sizes).toEqual([1, 64, 64, 1024, 978])
    expect(most).toBe(2)
  })

  it('refuses the one too many when 4,096 wait, at once, and writes nothing of it', async () => {
    const gate = door()
    const { commit } = groupCommit({
      writer: randomUUID(),
      store: through(async (batch, real) => {
        await gate.opened
        return real(batch)
      }),
      timeoutMs: 20_000,
    })
    const under = commit(utf8('under way'))
    await turn()
    const queued = Array.from({ length: 4096 }, () => commit(utf8('queued')))
    expect(await commit(utf8('one too many'))).toMatchObject({ ok: false, refusal: { code: 'journal_unavailable', retryAfterSeconds: 1 } })
    gate.open()
    expect((await Promise.all([under, ...queued])).every(({ ok }) => ok)).toBe(true)
    expect(await bodies()).not.toContain('one too many')
  })

  it('refuses whoever waited too long; what was under way may land, what only waited does not', async () => {
    const gate = door()
    const { commit, drain } = groupCommit({
      writer: randomUUID(),
      store: through(async (batch, real) => {
        await gate.opened
        return real(batch)
      }),
      timeoutMs: 30,
    })
    const under = commit(utf8('under way'))
    await turn()
    const waited = commit(utf8('waited'))
    expect(await under).toMatchObject({
      ok: false,
      refusal: { code: 'journal_unavailable', detail: 'the journal did not answer in time', retryAfterSeconds: 1 },
    })
    expect(await waited).toMatchObject(UNAVAILABLE)
    gate.open()
    await drain()
    expect(await bodies()).toEqual(['under way'])
  })

  it('appends behind whoever else moved the head', async () => {
    const one = groupCommit({ store: fresh.store, writer: randomUUID() })
    const two = groupCommit({ store: fresh.store, writer: randomUUID() })
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => ({ text: `e${i}`, outcome: await (i % 2 ? one : two).commit(utf8(`e${i}`)) })),
    )
    const stored = await bodies()
    expect(stored.length).toBe(200)
    for (const { text, outcome } of outcomes) expect(stored[indexOf(outcome)]).toBe(text)
    expect(await verifyJournal({ store: fresh.store, vkey: fresh.key, readable: () => true })).toMatchObject({ ok: true, size: 200 })
  })

  it('lets each of those who write without a pause have its turn, whoever began', async () => {
    const counts = [0, 0, 0]
    const enough = new AbortController()
    const write = async (who: number) => {
      const { commit } = groupCommit({ store: fresh.store, writer: randomUUID() })
      const one = async () => {
        while (!enough.signal.aborted) if ((await commit(utf8(`by ${who}`))).ok) counts[who] = (counts[who] ?? 0) + 1
      }
      await Promise.all(Array.from({ length: 8 }, one))
    }
    const all = Promise.all([write(0), write(1), write(2)])
    for (let i = 0; i < 500 && Math.min(...counts) < 50; i++) await new Promise((wake) => setTimeout(wake, 20))
    enough.abort()
    await all
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(50)
    expect((await fresh.store.head()).size).toBe(counts.reduce((sum, count) => sum + count, 0))
    expect(await verifyJournal({ store: fresh.store, vkey: fresh.key, readable: () => true })).toMatchObject({ ok: true })
  })

  it('takes nothing once it drains, and waits for what it took', async () => {
    const { commit, drain } = groupCommit({ store: fresh.store, writer: randomUUID() })
    const taken = Promise.all(Array.from({ length: 20 }, () => commit(utf8('taken'))))
    const drained = drain()
    expect(await commit(utf8('late'))).toMatchObject({ ok: false, refusal: { detail: 'the journal is closing' } })
    await drained
    expect((await bodies()).length).toBe(20)
    expect((await taken).every(({ ok }) => ok)).toBe(true)
  })
})

describe('groupCommit when the store fails', () => {
  const FATES: readonly (readonly [string, (batch: Batch, real: Append) => Promise<Appended>, readonly string[]])[] = [
    ['before anything was written', lost, []],
    ['after it was written', (batch, real) => real(batch).then(lost), ['doubtful']],
  ]

  it.each(FATES)('%s: refuses that batch and all who wait, never sends it again, and goes on by itself', async (_, fail, landed) => {
    const causes: unknown[] = []
    let failing = true
    const { commit } = groupCommit({
      writer: randomUUID(),
      store: through((batch, real) => (failing ? fail(batch, real) : real(batch))),
      onTrouble: (cause) => causes.push(cause),
    })
    const doubtful = commit(utf8('doubtful'))
    await turn()
    const waiting = commit(utf8('waiting'))
    expect(await doubtful).toMatchObject({
      ok: false,
      refusal: { code: 'journal_unavailable', detail: 'the journal could not be written', retryAfterSeconds: 1 },
    })
    expect(await waiting).toMatchObject(UNAVAILABLE)
    failing = false
    expect(indexOf(await commit(utf8('next')))).toBe(landed.length)
    expect(await bodies()).toEqual([...landed, 'next'])
    expect(causes).toEqual([new Error('connection lost')])
  })

  it('late, after the next one was sent: only one of the two lands at that place, and only what is confirmed is told', async () => {
    const gate = door()
    let first = true
    const late: Promise<Appended>[] = []
    const { commit } = groupCommit({
      writer: randomUUID(),
      store: through((batch, real) => {
        if (!first) return real(batch)
        first = false
        late.push(gate.opened.then(() => real(batch)))
        return lost()
      }),
    })
    expect(await commit(utf8('ghost'))).toMatchObject(UNAVAILABLE)
    const next = commit(utf8('next'))
    gate.open()
    const [index, ghost] = [indexOf(await next), await late[0]]
    expect((await bodies())[index]).toBe('next')
    expect((await bodies()).filter((body) => body === 'ghost').length).toBe(ghost === 'appended' ? 1 : 0)
    expect(await verifyJournal({ store: fresh.store, vkey: fresh.key, readable: () => true })).toMatchObject({ ok: true })
  })

  it('taking the head: refuses, and goes on by itself', async () => {
    let failing = true
    const { commit } = groupCommit({
      writer: randomUUID(),
      store: { ...fresh.store, take: (writer, idleMs) => (failing ? Promise.reject(new Error('down')) : fresh.store.take(writer, idleMs)) },
    })
    expect(await commit(utf8('refused'))).toMatchObject(UNAVAILABLE)
    failing = false
    expect(indexOf(await commit(utf8('kept')))).toBe(0)
    expect(await bodies()).toEqual(['kept'])
  })

  it('for good, when the disk fails: nothing is taken until a new process looks', async () => {
    let failing = true
    const { commit } = groupCommit({ writer: randomUUID(), store: through((batch, real) => (failing ? Promise.resolve('disk_failed') : real(batch))) })
    const [one, two] = [commit(utf8('one')), commit(utf8('two'))]
    expect(await one).toMatchObject({
      ok: false,
      refusal: { code: 'journal_unavailable', detail: 'the disk under the journal failed; it stays shut until it is restarted' },
    })
    expect(await two).toMatchObject(UNAVAILABLE)
    failing = false
    expect(await commit(utf8('three'))).toMatchObject(UNAVAILABLE)
    expect(await bodies()).toEqual([])
  })

  it('for good, when the journal is shorter than what it confirmed', async () => {
    let failing = false
    const { commit } = groupCommit({ writer: randomUUID(), store: through((batch, real) => (failing ? lost() : real(batch))) })
    expect(indexOf(await commit(utf8('confirmed')))).toBe(0)
    failing = true
    await commit(utf8('refused'))
    await fresh.sql('delete from journal_entry')
    await fresh.sql(`update journal_head set size = 0, frontier = ''`)
    failing = false
    expect(await commit(utf8('fork'))).toMatchObject({
      ok: false,
      refusal: { detail: 'the journal lost entries it had confirmed; it stays shut until it is looked at and restarted' },
    })
    expect(await bodies()).toEqual([])
  })

  it('in any order: what is confirmed stands where it was said to stand, once, and the tree holds', { timeout: 60_000 }, async () => {
    const fates = fc.array(fc.constantFrom('kept', 'kept', 'lost before', 'lost after', 'late', 'overtaken', 'rival'), { minLength: 3, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fates, async (plan) => {
        const run = Math.random().toString(36)
        const late: Promise<unknown>[] = []
        let at = 0
        const rival = groupCommit({ store: fresh.store, writer: randomUUID() })
        const { commit, drain } = groupCommit({
          writer: randomUUID(),
          store: through(async (batch, real) => {
            const fate = plan[at++]
            if (fate === 'lost before') return lost()
            if (fate === 'lost after') return real(batch).then(lost)
            if (fate === 'late') {
              late.push(new Promise((resolve) => setTimeout(resolve, 2)).then(() => real(batch)))
              return lost()
            }
            if (fate === 'overtaken') await new Promise((resolve) => setTimeout(resolve, 2))
            if (fate === 'rival') await rival.commit(utf8(`rival ${run} ${at}`))
            return real(batch)
          }),
        })
        const told: (readonly [string, number])[] = []
        for (let round = 0; round < plan.length; round++) {
          // Of 2 one batch is made, of 10 two that are under way together.
          const texts = Array.from({ length: round % 3 === 0 ? 2 : 10 }, (_, i) => `${run} ${round} ${i}`)
          const outcomes = await Promise.all(texts.map((text) => commit(utf8(text))))
          for (const [i, outcome] of outcomes.entries()) if (outcome.ok) told.push([texts[i] as string, outcome.value.index])
        }
        await Promise.all([drain(), ...late])
        const stored = await bodies()
        expect(told.map(([text, index]) => [text, stored[index]])).toEqual(told.map(([text]) => [text, text]))
        expect(new Set(stored).size).toBe(stored.length)
        expect(await verifyJournal({ store: fresh.store, vkey: fresh.key, readable: () => true })).toMatchObject({ ok: true, size: stored.length })
      }),
      { numRuns: 25, seed: 20260901 },
    )
  })
})
