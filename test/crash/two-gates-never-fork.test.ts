import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CrashHouse, openCrashHouse } from './house.ts'
import type { WriterProcess } from './writer-process.ts'

/** Of commit.ts: who holds the head and does nothing for so long loses it. */
const HELD_MS = 500
const CAUGHT_WITHIN_MS = 20_000
/** The other one has gone on when it was acknowledged so many more. */
const GOES_ON = 50

/** Each of the two is `writer.ts`: the journal and the vault of a gate, and nothing else of it. */
let house: CrashHouse
beforeAll(async () => {
  house = await openCrashHouse()
  await house.recover()
})
afterAll(() => house.close())

type Turn = { readonly holder: string | null; readonly epoch: string }
async function turn(): Promise<Turn> {
  const [head] = await house.server.sql<Turn>('select holder, epoch from journal_head')
  if (!head) throw new Error('there is no head')
  return head
}

const isOf = ({ node }: WriterProcess, { holder }: Turn): boolean => holder?.startsWith(`${node} `) === true

/** Signals a writer while it holds the head. It may have given it up in that very instant: then `undo` it and try again. */
async function caughtInTurn(writer: () => WriterProcess, signal: 'SIGSTOP' | 'SIGKILL', undo: () => Promise<void>): Promise<Turn> {
  for (const until = performance.now() + CAUGHT_WITHIN_MS; performance.now() < until; ) {
    const one = writer()
    if (!isOf(one, await turn())) continue
    one.kill(signal)
    // What it had sent is done by then; what it had not sent never will be, or when it goes on.
    await pause(50)
    const caught = await turn()
    if (isOf(one, caught)) return caught
    await undo()
  }
  throw new Error('it was never caught in its turn')
}

const writerAt = (place: number): WriterProcess => {
  const writer = house.writers()[place]
  if (!writer) throw new Error(`there is no writer ${place}`)
  return writer
}

/** Waits until a writer is acknowledged entries behind what was there, and the head is not the old holder's any more. */
async function takesOver(writer: WriterProcess, { epoch }: Turn): Promise<void> {
  const before = writer.acknowledged()
  await expect.poll(() => writer.acknowledged(), { timeout: 10_000, interval: 5 }).toBeGreaterThan(before + GOES_ON)
  expect(Number((await turn()).epoch)).toBeGreaterThan(Number(epoch))
}

async function expectOneJournal(): Promise<void> {
  await house.recover()
  await house.check()
  expect(await house.verify()).toMatchObject({ ok: true, faults: [] })
}

describe('two gates on one journal', () => {
  it.each([
    ['the first', 0, 'longer than it may hold the head', HELD_MS + 300],
    ['the second', 1, 'longer than it may hold the head', HELD_MS + 300],
    ['the first', 0, 'longer than a record waits', 2500],
    ['the second', 1, 'longer than a record waits', 2500],
  ])('do not fork where %s is paused in its turn (%d), %s: the other takes over, and both go on', { timeout: 60_000 }, async (_, place, __, pausedMs) => {
    const [paused, other] = [writerAt(place), writerAt(1 - place)]
    const caught = await caughtInTurn(
      () => paused,
      'SIGSTOP',
      async () => paused.kill('SIGCONT'),
    )
    const from = performance.now()
    const acknowledged = paused.acknowledged()
    await takesOver(other, caught)
    expect(paused.acknowledged() - acknowledged).toBeLessThanOrEqual(8)
    await expect.poll(() => performance.now() - from, { timeout: 5000, interval: 20 }).toBeGreaterThan(pausedMs)
    paused.kill('SIGCONT')
    await expectOneJournal()
    // The very same process: nobody had to start it again.
    expect(writerAt(place)).toBe(paused)
    expect(paused.end()).toBeNull()
  })

  it.each([0, 1, 0])(
    'lose nothing where one (%d) is killed in its turn: the other takes over, and a new one goes on beside it',
    { timeout: 60_000 },
    async (place) => {
      const other = writerAt(1 - place)
      const killed = await caughtInTurn(() => writerAt(place), 'SIGKILL', house.recover)
      await takesOver(other, killed)
      expect(writerAt(place).end()).toBe('SIGKILL')
      await expectOneJournal()
      expect(writerAt(1 - place)).toBe(other)
    },
  )

  it('lose nothing where the database stands still for one of them in the middle of a commit', { timeout: 60_000 }, async () => {
    for (const place of [0, 1, 0, 1]) {
      const backend = (await house.server.processes()).find(({ name }) => name === `writer ${writerAt(place).node}`)
      expect(backend?.pid).toBeGreaterThan(1)
      process.kill(backend?.pid ?? 0, 'SIGSTOP')
      await pause(HELD_MS + 200)
      process.kill(backend?.pid ?? 0, 'SIGCONT')
      await house.recover()
      await house.check()
    }
    await expectOneJournal()
  })
})
