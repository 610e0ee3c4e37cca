/**
 * `npm run bench:journal`: what an append costs, how that changes with the journal's size, and how fast a whole journal is verified,
 * beside what the same disk takes for one fdatasync. Prints a report and writes it to bench/JOURNAL.md.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { canonical } from '../src/base/canonical.ts'
import { toEvent } from '../src/events/to-event.ts'
import { storeSource } from '../src/journal/source-store.ts'
import { verifyLog } from '../src/journal/verify.ts'
import { openInspectors } from '../src/journal/verify-inspectors.ts'
import { trustKey } from '../src/journal/verify-trust.ts'
import type { Frontier } from '../src/log/frontier.ts'
import { calibrate } from './disk.ts'
import { quantile } from './figures.ts'
import { inFolder } from './folder.ts'
import { answeredAsk, type JournalHouse, raiseJournal } from './journal-house.ts'
import { type Appending, type Found, journalReport } from './journal-report.ts'
import { loads } from './report.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' }, entries: { type: 'string', default: '1000000' } } })
const seconds = Number(values.seconds)
const SIZES = [10_000, 100_000, 1_000_000, 10_000_000].filter((size) => size <= Number(values.entries))
const OPEN_LOOP_PER_SECOND = 1000
const ENTRY_BYTES = canonical(toEvent(answeredAsk(0), { at: Date.now(), node: 'gate' })).length
const NEW_ENTRIES = 1000

const say = (line: string): void => console.log(line)

async function bench(folder: string): Promise<void> {
  const began = new Date()
  const loadBefore = loads()
  const house = await raiseJournal(folder)
  try {
    await closedLoop(house, 16, 1)
    say('· warmed up')
    const appenders: Appending[] = []
    for (const count of [1, 16, 64, 256]) appenders.push({ count, disk: calibrate(folder, ENTRY_BYTES), ...(await closedLoop(house, count, seconds)) })
    say('· appenders measured')
    const open = { disk: calibrate(folder, ENTRY_BYTES), ...(await openLoop(house, seconds)) }
    const sizes = []
    for (const size of SIZES) {
      await grow(house, size)
      sizes.push({ size, disk: calibrate(folder, ENTRY_BYTES), ...(await closedLoop(house, 16, seconds)) })
      say(`· measured at ${size.toLocaleString('en')} entries`)
    }
    const verified = await verify(house)
    const text = journalReport({
      began,
      loadBefore,
      loadAfter: loads(),
      seconds,
      rate: OPEN_LOOP_PER_SECOND,
      entryBytes: ENTRY_BYTES,
      appenders,
      open,
      sizes,
      verified,
    })
    writeFileSync(join(import.meta.dirname, 'JOURNAL.md'), text)
    say(`\n${text}`)
  } finally {
    await house.drop()
  }
}

/** As many appenders as `count`, each with its next entry once the last is durable. */
async function closedLoop(house: JournalHouse, count: number, forSeconds: number) {
  const journal = house.open()
  const times: number[] = []
  const began = performance.now()
  const until = began + forSeconds * 1000
  const append = async () => {
    for (let at = performance.now(); at < until; at = performance.now()) {
      await recorded(journal, times.length)
      times.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: count }, append))
  const ms = performance.now() - began
  await journal.drain()
  return { perSecond: (times.length / ms) * 1000, p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

/** Entries that come when they come, by a Poisson process, whether the last is done or not; the time of each is from when it should have come. */
async function openLoop(house: JournalHouse, forSeconds: number) {
  const journal = house.open()
  const times: Promise<number>[] = []
  const began = performance.now()
  for (let due = began; due < began + forSeconds * 1000; due += (-Math.log(1 - Math.random()) * 1000) / OPEN_LOOP_PER_SECOND) {
    while (performance.now() < due) await new Promise((wake) => setImmediate(wake))
    const from = due
    times.push(recorded(journal, times.length).then(() => performance.now() - from))
  }
  const all = await Promise.all(times)
  await journal.drain()
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99), entries: all.length }
}

async function grow(house: JournalHouse, size: number): Promise<void> {
  const journal = house.open()
  for (let left = size - (await house.store.head()).size; left > 0; left -= 2048)
    await Promise.all(Array.from({ length: Math.min(left, 2048) }, (_, n) => recorded(journal, n)))
  await journal.drain()
  await house.sign()
}

async function recorded(journal: ReturnType<JournalHouse['open']>, n: number): Promise<void> {
  const receipt = await journal.record(answeredAsk(n))
  if (!receipt.ok) throw new Error(`the journal refused: ${receipt.refusal.detail}`)
}

/** As `gatehouse journal verify` does it, from the first entry; and again once a thousand entries more are there, from where that ended. */
async function verify(house: JournalHouse): Promise<Found['verified']> {
  await house.sign()
  const { inspect, close } = openInspectors(Math.max(1, availableParallelism() - 1))
  let mostMb = 0
  const timed = async (from?: Frontier) => {
    const [began, cpu] = [performance.now(), process.cpuUsage()]
    const { report, tree } = await verifyLog({
      source: storeSource(house.bulk),
      trust: trustKey(house.vkey),
      inspect,
      onProgress: () => void (mostMb = Math.max(mostMb, process.memoryUsage().rss / 1e6)),
      ...(from && { from }),
    })
    if (!report.ok) throw new Error(report.faults.join('; '))
    const { user, system } = process.cpuUsage(cpu)
    return { tree, ms: performance.now() - began, cpuUs: user + system }
  }
  try {
    const whole = await timed()
    const journal = house.open()
    await Promise.all(Array.from({ length: NEW_ENTRIES }, (_, n) => recorded(journal, n)))
    await journal.drain()
    await house.sign()
    const later = await timed(whole.tree)
    const entries = whole.tree.size
    return { entries, perSecond: (entries / whole.ms) * 1000, cpuUsPerEntry: whole.cpuUs / entries, mostMb, later: { entries: NEW_ENTRIES, ms: later.ms } }
  } finally {
    await close()
  }
}

await inFolder(bench)
