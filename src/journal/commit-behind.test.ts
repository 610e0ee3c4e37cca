import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Append, bodiesIn, door, lost, through, turn } from '../../test/support/appends.ts'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { utf8 } from '../base/bytes.ts'
import type { Outcome } from '../base/outcome.ts'
import type { Refusal } from '../model/refusal.ts'
import { groupCommit } from './commit.ts'
import type { Appended, Batch } from './entry-store.ts'
import { verifyJournal } from './verify.ts'
import type { Committed } from './waiting.ts'

let fresh: FreshJournal
beforeEach(async () => {
  fresh = await freshJournal()
})
afterEach(() => fresh.close())

type Fate = (batch: Batch, real: Append) => Promise<Appended>
const kept: Fate = (batch, real) => real(batch)

const DISK = 'the disk under the journal failed; it stays shut until it is restarted'
const numbers = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, i) => from + i)
const texts = (from: number, to: number): readonly string[] => numbers(from, to).map((n) => `e${n}`)
/** Where it lies, or what it was refused with. */
const told = (outcome: Outcome<Committed, Refusal>): number | string => (outcome.ok ? outcome.value.index : outcome.refusal.detail)

/** A commit that has the head, whose next appends meet these fates; and what went on, as `8 sent`, `take`. */
async function opened(fates: readonly Fate[], { timeoutMs = 20_000 } = {}) {
  const seen: string[] = []
  const mores: boolean[] = []
  const causes: unknown[] = []
  const waiting = [...fates]
  let counts = false
  const behind = through(fresh.store, (batch, real) => {
    if (counts) seen.push(`${batch.bodies.length} sent`)
    if (counts) mores.push(batch.more)
    return ((counts ? waiting.shift() : undefined) ?? kept)(batch, real)
  })
  const take: typeof behind.take = (writer, idleMs) => {
    if (counts) seen.push('take')
    return behind.take(writer, idleMs)
  }
  const { commit, drain } = groupCommit({ writer: randomUUID(), store: { ...behind, take }, timeoutMs, onTrouble: (cause) => causes.push(cause) })
  expect(told(await commit(utf8('e0')))).toBe(0)
  counts = true
  /** All in one turn. */
  const some = (from: number, to: number) => texts(from, to).map((text) => commit(utf8(text)).then(told))
  return { some, seen, mores, causes, drain }
}

const stored = () => bodiesIn(fresh.store)
const holds = async (size: number) =>
  expect(await verifyJournal({ store: fresh.store, vkey: fresh.key, readable: () => true })).toMatchObject({ ok: true, size })

describe('a batch behind one that is under way', () => {
  it.each([
    [7, ['7 sent']],
    [8, ['4 sent', '4 sent']],
    [21, ['11 sent', '10 sent']],
  ])('is half of many who came together: of %i in one turn %j', async (count, sent) => {
    const { some, seen } = await opened([])
    await Promise.all(some(1, 1 + count))
    expect(seen).toEqual(sent)
  })

  it('is sent before those of the first are told, and no third before the first is durable', async () => {
    const [one, two] = [door(), door()]
    const { some, seen, mores } = await opened([(batch, real) => one.opened.then(() => real(batch)), (batch, real) => two.opened.then(() => real(batch))])
    const first = some(1, 21)
    await turn()
    const next = some(21, 41)
    await turn()
    expect(seen).toEqual(['10 sent', '10 sent'])
    one.open()
    expect(await Promise.all(first.slice(0, 10))).toEqual(numbers(1, 11))
    await turn()
    expect(seen).toEqual(['10 sent', '10 sent', '20 sent'])
    expect(mores).toEqual([true, false, false])
    two.open()
    expect(await Promise.all([...first.slice(10), ...next])).toEqual(numbers(11, 41))
    expect(await stored()).toEqual(texts(0, 41))
    await holds(41)
  })

  it('is one of half its length, made of those who were told and went on at once, all of them', async () => {
    const [one, two] = [door(), door()]
    const { some, seen } = await opened([(batch, real) => one.opened.then(() => real(batch)), (batch, real) => two.opened.then(() => real(batch))])
    const first = some(1, 21)
    const goOn = async (n: number): Promise<unknown> => {
      await first[n]
      for (let hops = 0; hops < 5; hops++) await Promise.resolve()
      return some(21 + n, 22 + n)[0]
    }
    const again = numbers(0, 5).map(goOn)
    await turn()
    one.open()
    await Promise.all(first.slice(0, 10))
    await turn()
    expect(seen).toEqual(['10 sent', '10 sent', '5 sent'])
    two.open()
    expect(await Promise.all(again)).toEqual(numbers(21, 26))
  })

  it('is not one of less than half its length: that waits until it is durable', async () => {
    const [one, two] = [door(), door()]
    const { some, seen } = await opened([(batch, real) => one.opened.then(() => real(batch)), (batch, real) => two.opened.then(() => real(batch))])
    const first = some(1, 21)
    await turn()
    const next = some(21, 25)
    one.open()
    await Promise.all(first.slice(0, 10))
    await turn()
    expect(seen).toEqual(['10 sent', '10 sent'])
    two.open()
    expect(await Promise.all(next)).toEqual(numbers(21, 25))
    expect(seen).toEqual(['10 sent', '10 sent', '4 sent'])
  })

  it('is sent again, once the head is taken, when that one was refused before it was written', async () => {
    const { some, seen, causes } = await opened([lost])
    const outcomes = await Promise.all(some(1, 21))
    expect(outcomes).toEqual([...Array<string>(10).fill('the journal could not be written'), ...numbers(1, 11)])
    expect(seen).toEqual(['10 sent', '10 sent', 'take', '10 sent'])
    expect(await stored()).toEqual(['e0', ...texts(11, 21)])
    expect(causes).toEqual([new Error('connection lost')])
    await holds(11)
  })

  it('stands behind that one, and is told so, when that one was written and nobody heard of it', async () => {
    const { some, seen } = await opened([(batch, real) => real(batch).then(lost)])
    const outcomes = await Promise.all(some(1, 21))
    expect(outcomes).toEqual([...Array<string>(10).fill('the journal could not be written'), ...numbers(11, 21)])
    expect(seen).toEqual(['10 sent', '10 sent'])
    expect(await stored()).toEqual(texts(0, 21))
    await holds(21)
  })

  it('is refused with it when the connection breaks under both, with all who wait; nothing is sent again, and the next goes on', async () => {
    const gate = door()
    const { some, seen } = await opened([(batch, real) => gate.opened.then(() => real(batch)).then(lost), () => gate.opened.then(lost)])
    const both = some(1, 21)
    await turn()
    const queued = some(21, 31)
    gate.open()
    expect(new Set(await Promise.all([...both, ...queued]))).toEqual(new Set(['the journal could not be written']))
    expect(await Promise.all(some(31, 33))).toEqual([11, 12])
    expect(seen).toEqual(['10 sent', '10 sent', 'take', '2 sent'])
    expect(await stored()).toEqual([...texts(0, 11), 'e31', 'e32'])
    await holds(13)
  })

  it('keeps its place behind it when somebody else moved the head before both', async () => {
    const rival = groupCommit({ store: fresh.store, writer: randomUUID() })
    const again = door()
    const { some, seen } = await opened([
      kept,
      // Heard of late: the first was sent again by then.
      (batch, real) => real(batch).then((moved) => again.opened.then(() => moved)),
      (batch, real) => real(batch).finally(again.open),
    ])
    expect(told(await rival.commit(utf8('rival')))).toBe(1)
    expect(await Promise.all(some(1, 21))).toEqual(numbers(2, 22))
    expect(seen).toEqual(['10 sent', '10 sent', 'take', '10 sent', '10 sent'])
    expect(await stored()).toEqual(['e0', 'rival', ...texts(1, 21)])
    await holds(22)
  })

  it('is not written on the entries of somebody else, as many in the same epoch: a crash forgets a turn, and it comes again', async () => {
    const { some, seen } = await opened([])
    const { epoch } = await fresh.store.head()
    const rival = groupCommit({ store: fresh.store, writer: randomUUID() })
    expect((await Promise.all(texts(101, 111).map((text) => rival.commit(utf8(text))))).map(told)).toEqual(numbers(1, 11))
    await fresh.sql('update journal_head set epoch = $1', [epoch])
    expect(await Promise.all(some(1, 21))).toEqual(numbers(11, 31))
    expect(seen).toEqual(['10 sent', '10 sent', 'take', '10 sent', '10 sent'])
    expect(await stored()).toEqual(['e0', ...texts(101, 111), ...texts(1, 21)])
    await holds(31)
  })

  it('leaves the largest size known that was confirmed, in whatever order both are heard of', async () => {
    const heard = door()
    const firsts: Uint8Array[] = []
    const { some } = await opened([
      (batch, real) => {
        firsts.push(batch.frontier)
        return real(batch).then((appended) => heard.opened.then(() => appended))
      },
      (batch, real) => real(batch).finally(() => setImmediate(heard.open)),
    ])
    expect(await Promise.all(some(1, 21))).toEqual(numbers(1, 21))
    await fresh.sql('delete from journal_entry where index >= 11')
    await fresh.sql('update journal_head set size = 11, frontier = $1, epoch = epoch + 1', firsts)
    expect(await Promise.all(some(21, 22))).toEqual(['the journal lost entries it had confirmed; it stays shut until it is looked at and restarted'])
    expect(await stored()).toEqual(texts(0, 11))
  })

  it('takes no head while that one may still be written, though it was overtaken and nobody waits for it any more', async () => {
    const gate = door()
    const { some, seen, drain } = await opened([(batch, real) => gate.opened.then(() => real(batch))], { timeoutMs: 150 })
    const outcomes = await Promise.all(some(1, 21))
    expect(new Set(outcomes)).toEqual(new Set(['the journal did not answer in time']))
    expect(seen).toEqual(['10 sent', '10 sent'])
    expect(await stored()).toEqual(['e0'])
    gate.open()
    await drain()
    expect(await stored()).toEqual(texts(0, 11))
    expect(seen).toEqual(['10 sent', '10 sent'])
    await holds(11)
  })

  it('is not sent for eight batches after somebody else had a turn: it would come after theirs', async () => {
    const rival = groupCommit({ store: fresh.store, writer: randomUUID() })
    const { some, seen } = await opened([])
    await rival.commit(utf8('rival'))
    for (let round = 0; round < 8; round++) await Promise.all(some(20 * round, 20 * round + 20))
    const [both, whole] = [['10 sent', '10 sent'], Array<string>(6).fill('20 sent')]
    // The first two find that the head moved; sent again they are two of the eight.
    expect(seen).toEqual([...both, 'take', ...both, ...whole, ...both])
  })

  it('leaves the head, with that one, to somebody who waits for it, and takes it again behind them', async () => {
    const [asked, mayTake] = [door(), door()]
    const take: typeof fresh.store.take = async (writer, idleMs) => {
      if (asked.isOpen()) await mayTake.opened
      return fresh.store.take(writer, idleMs).finally(asked.open)
    }
    const rival = groupCommit({ store: { ...fresh.store, take }, writer: randomUUID(), timeoutMs: 20_000 })
    const answers: Appended[] = []
    const answer: Fate = async (batch, real) => {
      await asked.opened
      const appended = await real(batch)
      answers.push(appended)
      return appended
    }
    const { some, seen } = await opened([answer, answer])
    await fresh.sql('update journal_head set holder = $1', ['somebody in the middle of several'])
    const theirs = rival.commit(utf8('rival'))
    expect(await Promise.all(some(1, 21))).toEqual(numbers(1, 21))
    expect(answers).toEqual(['yielded', 'yielded'])
    mayTake.open()
    expect(told(await theirs)).toBe(21)
    expect(await Promise.all(some(21, 41))).toEqual(numbers(22, 42))
    expect(seen).toEqual(['10 sent', '10 sent', 'take', '20 sent'])
    await holds(42)
  })
})

describe('a batch behind one under which the disk fails', () => {
  it('is acknowledged to nobody, though it was written, and nothing is sent from then on', async () => {
    const gate = door()
    const { some, seen } = await opened([
      () => gate.opened.then(() => 'disk_failed'),
      async (batch, real) => {
        gate.open()
        await turn()
        return real({ ...batch, expectedSize: 1, expectedFrontier: (await fresh.store.head()).frontier })
      },
    ])
    const both = some(1, 21)
    await turn()
    const queued = some(21, 31)
    expect(new Set(await Promise.all([...both, ...queued]))).toEqual(new Set([DISK]))
    expect(await Promise.all(some(31, 33))).toEqual([DISK, DISK])
    expect(seen).toEqual(['10 sent', '10 sent'])
    expect(await stored()).toHaveLength(11)
  })

  it('is refused when it is the one: who was told before it is durable, who was not is refused', async () => {
    const gate = door()
    const { some, seen } = await opened([kept, () => gate.opened.then(() => 'disk_failed')])
    const both = some(1, 21)
    expect(await Promise.all(both.slice(0, 10))).toEqual(numbers(1, 11))
    gate.open()
    expect(new Set(await Promise.all(both.slice(10)))).toEqual(new Set([DISK]))
    expect(await Promise.all(some(21, 22))).toEqual([DISK])
    expect(seen).toEqual(['10 sent', '10 sent'])
    expect(await stored()).toEqual(texts(0, 11))
  })

  it('is not sent again when it was overtaken by the news', async () => {
    const gate = door()
    const { some, seen } = await opened([
      () => gate.opened.then(() => 'disk_failed'),
      async (batch, real) => {
        const moved = await real(batch)
        expect(moved).toBe('moved')
        setTimeout(gate.open, 5)
        return moved
      },
    ])
    expect(new Set(await Promise.all(some(1, 21)))).toEqual(new Set([DISK]))
    expect(seen).toEqual(['10 sent', '10 sent'])
    expect(await stored()).toEqual(['e0'])
  })
})
