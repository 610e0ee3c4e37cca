/**
 * `npm run bench:journal`: what an append costs beside the least that the same disk and PostgreSQL ask for it, how that changes with the journal's size,
 * and how fast and in what memory a whole journal is verified. Prints a report and writes it to bench/JOURNAL.md. It holds no figure against another:
 * the reader does.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { asGate } from './as-gate.ts'
import { calibrate } from './disk.ts'
import { quantile } from './figures.ts'
import { inFolder } from './folder.ts'
import { CLEAR, type Kind, SEALED } from './journal-asks.ts'
import { openFloor } from './journal-floor.ts'
import { type JournalHouse, raiseJournal } from './journal-house.ts'
import { closedLoop, grow, openLoop } from './journal-loops.ts'
import { journalReport, type Scattered, type Sized } from './journal-report.ts'
import { type Appending, inTurns } from './journal-rounds.ts'
import { verified } from './journal-verified.ts'
import type { Verified } from './journal-verifier.ts'
import { loads } from './report.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' }, entries: { type: 'string', default: '1000000' } } })
const seconds = Number(values.seconds)
const SIZES = [10_000, 100_000, 1_000_000, 10_000_000].filter((size) => size <= Number(values.entries))
/** A shorter journal is verified before there is anything to see of its memory. */
const VERIFIED_FROM = 100_000
const APPENDERS = [1, 16, 64, 256]
const KINDS = [CLEAR, SEALED]
/**
 * Short, so that what else the machine does falls on both sides. `warmUp`: turns until V8 has compiled what is measured, with one thread to do it; in its first
 * second the append made 13,400 and 14,400 entries, from the fifth on 17,300 to 21,200.
 */
const TURNS = { rounds: 6, seconds: 1, warmUp: 5 }
const OPEN_LOOP_PER_SECOND = 1000
/** Longer than the five seconds after which the system writes back what it holds. */
const OPEN_LOOP_SECONDS = 12
const NEW_ENTRIES = 1000

const say = (line: string): void => console.log(line)

async function bench(): Promise<void> {
  const began = new Date()
  const loadBefore = loads()
  const appending = await onEmpty(async (house, folder) => ({ appenders: await besideFloor(house, folder), open: await scattered(house, folder) }))
  const grown = []
  for (const kind of KINDS) grown.push(await onEmpty((house, folder) => growing(house, folder, kind)))
  const text = journalReport({
    began,
    loadBefore,
    loadAfter: loads(),
    turns: TURNS,
    seconds,
    rate: OPEN_LOOP_PER_SECOND,
    rateSeconds: OPEN_LOOP_SECONDS,
    bytes: { clear: CLEAR.bytes, sealed: SEALED.bytes },
    ...appending,
    sizes: grown.flatMap(({ sizes }) => sizes),
    verifications: grown.flatMap(({ verifications }) => verifications),
    later: grown.at(-1)?.later ?? null,
  })
  writeFileSync(join(import.meta.dirname, 'JOURNAL.md'), text)
  say(`\n${text}`)
}

/** Work on a journal that begins empty, on a server of its own. */
async function onEmpty<Result>(work: (house: JournalHouse, folder: string) => Promise<Result>): Promise<Result> {
  const results: Result[] = []
  await inFolder(async (folder) => {
    const house = await raiseJournal(folder)
    try {
      results.push(await work(house, folder))
    } finally {
      await house.drop()
    }
  })
  return results[0] as Result
}

async function besideFloor(house: JournalHouse, folder: string): Promise<readonly Appending[]> {
  const floor = await openFloor(house.superuser)
  try {
    for (const kind of KINDS)
      for (let turn = 0; turn < TURNS.warmUp; turn++) {
        await closedLoop(house, kind, 16, TURNS.seconds)
        await floor.of(kind, 16)(TURNS.seconds)
      }
    say('· warmed up')
    const found: Appending[] = []
    for (const count of APPENDERS)
      for (const kind of KINDS) {
        found.push(await inTurns(house, floor, kind, count, { folder, ...TURNS }))
        say(`· measured beside the floor: ${count}${kind.sealed ? ', with ciphertexts' : ''}`)
      }
    return found
  } finally {
    await floor.drop()
  }
}

async function scattered(house: JournalHouse, folder: string): Promise<readonly Scattered[]> {
  const found: Scattered[] = []
  for (const kind of KINDS) {
    await house.settle()
    const disk = calibrate(folder, kind.bytes)
    const times = await openLoop(house, kind, OPEN_LOOP_PER_SECOND, OPEN_LOOP_SECONDS)
    found.push({ sealed: kind.sealed, disk, p50: quantile(times, 0.5), p99: quantile(times, 0.99), entries: times.length })
  }
  return found
}

/** Appends at each size, and the whole of it verified at the larger ones; at the last also what is new. */
async function growing(house: JournalHouse, folder: string, kind: Kind) {
  const sizes: Sized[] = []
  const verifications: (Verified & { readonly sealed: boolean })[] = []
  let later: Verified | null = null
  for (const size of SIZES) {
    await grow(house, kind, size)
    await house.settle()
    const disk = calibrate(folder, kind.bytes)
    const { perSecond, times } = await closedLoop(house, kind, 16, seconds)
    sizes.push({ size, sealed: kind.sealed, disk, perSecond, p50: quantile(times, 0.5), p99: quantile(times, 0.99) })
    say(`· measured at ${size.toLocaleString('en')} entries`)
    if (size < VERIFIED_FROM && size !== SIZES.at(-1)) continue
    const there = (await house.store.head()).size
    const found = await verified(house, () => grow(house, kind, there + NEW_ENTRIES))
    verifications.push({ ...found.all, sealed: kind.sealed })
    later = found.later
    say(`· verified at ${there.toLocaleString('en')} entries`)
  }
  return { sizes, verifications, later }
}

if (await asGate()) await bench()
