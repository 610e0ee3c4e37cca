import type { ChildProcess } from 'node:child_process'
import type { FromLoad, Order, Timed, ToLoad } from './load.ts'
import { cpuMicros, machineTicks, nextMessage, startProcess, ticksOf } from './process.ts'
import type { Target } from './targets.ts'

/** One slice of one target: `cpu` is microseconds of processor time a call took, by process. */
export type Reading = Timed & {
  readonly target: string
  readonly connections: number
  readonly round: number
  readonly callsPerSecond: number
  readonly cpu: Readonly<Record<string, number>>
}

/** `others`: the share of the machine that processes other than the bench's used meanwhile, 0 to 1; null where it cannot be told. */
export type Measured = { readonly readings: readonly Reading[]; readonly others: number | null }

export const LEVELS = [1, 16, 50] as const

export type Plan = {
  readonly rounds: number
  readonly seconds: number
  readonly say: (line: string) => void
  readonly before: (level: { readonly connections: number }) => void
}

/** The first slice of a target at a level is not counted: it warms up, and tells how many calls fill the time. */
const FIRST_CALLS = 400

/**
 * Asks every target at every level in turns, so that whatever else this machine does hits all alike: each round goes through all of
 * them, every other round from the last to the first. Requests are made and signed before the clock runs. Throws when a single call of any slice was not answered rightly.
 */
export async function measure(targets: readonly Target[], { rounds, seconds, say, before }: Plan): Promise<Measured> {
  const load = startProcess('load.ts')
  const others = watchOthers(() => [process.pid, load.pid ?? 0, ...targets.flatMap(({ processes }) => Object.values(processes()).flat())])
  const rates = new Map<string, number>()
  const readings: Reading[] = []
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const connections of LEVELS)
        for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
          before({ connections })
          const cell = `${target.name} ${connections}`
          const calls = Math.max(FIRST_CALLS, Math.round((rates.get(cell) ?? 0) * seconds))
          const reading = await slice(load, target, { connections, calls, round })
          rates.set(cell, reading.callsPerSecond)
          if (round > 0) readings.push(reading)
        }
      say(round === 0 ? '· warmed up' : `· round ${round} of ${rounds}`)
    }
    return { readings, others: others() }
  } finally {
    load.kill()
  }
}

/** What share of the machine everything but these processes used from now on, 0 to 1. */
function watchOthers(ours: () => readonly number[]): () => number | null {
  const [machine, own] = [machineTicks(), ticksOf([...new Set(ours())])]
  return () => {
    const now = machineTicks()
    if (machine === null || now === null) return null
    return Math.max(0, (now.used - machine.used - (ticksOf([...new Set(ours())]) - own)) / (now.all - machine.all))
  }
}

/** The same for one target alone, while `during` looks on; for the profile. */
export async function askAlone<T>(target: Target, size: Pick<Order, 'connections' | 'calls'>, during: (go: () => Promise<Reading>) => Promise<T>): Promise<T> {
  const load = startProcess('load.ts')
  try {
    await slice(load, target, { ...size, round: 0 })
    return await during(() => slice(load, target, { ...size, round: 0 }))
  } finally {
    load.kill()
  }
}

type Slice = { readonly connections: number; readonly calls: number; readonly round: number }

async function slice(load: ChildProcess, target: Target, { connections, calls, round }: Slice): Promise<Reading> {
  await tell(load, { type: 'prepare', order: { port: target.port, connections, calls, asks: target.asks, callers: await target.callers() } })
  const before = cpuOf(target)
  const timed = (await tell(load, { type: 'go' })) ?? never()
  const after = cpuOf(target)
  if (timed.errors > 0)
    throw new Error(`${target.name} at ${connections} connections: ${timed.errors} of ${calls} calls failed; the first: ${timed.firstError}`)
  const cpu = Object.fromEntries(Object.entries(after).map(([name, used]) => [name, (used - (before[name] ?? 0)) / timed.calls]))
  return { ...timed, target: target.name, connections, round, callsPerSecond: (timed.calls / timed.ms) * 1000, cpu }
}

const cpuOf = ({ processes }: Target): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(processes()).map(([name, pids]) => [name, pids.reduce((sum, pid) => sum + (cpuMicros(pid) ?? 0), 0)]))

async function tell(load: ChildProcess, message: ToLoad): Promise<Timed | null> {
  load.send(message)
  const answer = (await nextMessage(load)) as FromLoad
  if (answer.type === 'failed') throw new Error(answer.why)
  return answer.type === 'timed' ? answer.timed : null
}

function never(): never {
  throw new Error('the generator gave no times')
}
