import type { Journal } from '../src/journal/open.ts'
import { type Asked, type Kind, PER_SECOND_MAX } from './journal-asks.ts'
import type { JournalHouse } from './journal-house.ts'

/** `times`: of each entry, until it was durable, in milliseconds. */
export type Looped = { readonly perSecond: number; readonly times: readonly number[] }

/** As many appenders as `count`, each with its next entry once the last is durable. */
export async function closedLoop(house: JournalHouse, kind: Kind, count: number, forSeconds: number): Promise<Looped> {
  const journal = house.open()
  const asked = kind.made(Math.ceil(forSeconds * PER_SECOND_MAX))
  const times: number[] = []
  const began = performance.now()
  const until = began + forSeconds * 1000
  const append = async () => {
    for (let at = performance.now(); at < until; at = performance.now()) {
      await recorded(journal, asked(times.length))
      times.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: count }, append))
  const ms = performance.now() - began
  await journal.drain()
  return { perSecond: (times.length / ms) * 1000, times }
}

/** Entries that come when they come, by a Poisson process, whether the last is done or not; the time of each is from when it should have come. */
export async function openLoop(house: JournalHouse, kind: Kind, perSecond: number, forSeconds: number): Promise<readonly number[]> {
  const journal = house.open()
  const asked = kind.made(Math.ceil(forSeconds * perSecond * 2))
  const times: Promise<number>[] = []
  const began = performance.now()
  for (let due = began; due < began + forSeconds * 1000; due += (-Math.log(1 - Math.random()) * 1000) / perSecond) {
    while (performance.now() < due) await new Promise((wake) => setImmediate(wake))
    const from = due
    times.push(recorded(journal, asked(times.length)).then(() => performance.now() - from))
  }
  const all = await Promise.all(times)
  await journal.drain()
  return all
}

/** Appends until the journal has so many entries, and has them signed for. */
export async function grow(house: JournalHouse, kind: Kind, size: number): Promise<void> {
  const journal = house.open()
  for (let left = size - (await house.store.head()).size; left > 0; left -= 2048) {
    const asked = kind.made(2048)
    await Promise.all(Array.from({ length: Math.min(left, 2048) }, (_, n) => recorded(journal, asked(n))))
  }
  await journal.drain()
  await house.sign()
}

async function recorded(journal: Journal, { entry, payload }: Asked): Promise<void> {
  const receipt = await journal.record(entry, payload)
  if (!receipt.ok) throw new Error(`the journal refused: ${receipt.refusal.detail}`)
}
