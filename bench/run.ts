/**
 * `npm run bench`: what an ask costs with everything on, beside two floors, in one run. Prints a report and writes it to
 * bench/RESULTS.md. Fails when a single call did. It holds no figure against another: the reader does.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { askAlone, measure } from './ask.ts'
import { rowsOf } from './figures.ts'
import { inFolder } from './folder.ts'
import { type BenchHouse, raiseBench } from './house.ts'
import { watchMemory } from './memory.ts'
import { openProfiler } from './profile.ts'
import { loads, report } from './report.ts'
import { type Stages, stagesOf } from './stages.ts'
import { timeStart } from './start.ts'
import { FLOOR, openTargets, type Target } from './targets.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '2' }, port: { type: 'string', default: '7390' } },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const PROFILE = { connections: 16, calls: 8000 }

const say = (line: string): void => console.log(line)

async function bench(folder: string): Promise<void> {
  const began = new Date()
  const loadBefore = loads()
  say('· the pilot is started, with a new data folder and again')
  const start = await timeStart(join(folder, 'data'), Number(values.port))
  say('· the house is raised')
  const house = await raiseBench(folder, join(folder, 'data'))
  try {
    const text = report({ began, loadBefore, rounds, seconds, start, shipments: house.shipments.length, ...(await ask(house)), loadAfter: loads() })
    writeFileSync(join(import.meta.dirname, 'RESULTS.md'), text)
    say(`\n${text}`)
  } finally {
    await house.drop()
  }
}

async function ask(house: BenchHouse) {
  const { targets, stop } = await openTargets(house)
  const gate = house.raise.house.pids['gate'] ?? 0
  const memory = watchMemory(gate)
  try {
    const { readings, others } = await measure(targets, { rounds, seconds, say, before: ({ connections }) => memory.at(connections) })
    const gateMb = memory.stop()
    say('· the gate is profiled')
    return {
      rows: rowsOf(
        readings,
        targets.map(({ name }) => name),
        FLOOR,
      ),
      gateMb,
      others,
      stages: await profile(
        gate,
        targets.filter(({ name }) => name.startsWith('Gatehouse')),
      ),
    }
  } finally {
    stop()
  }
}

async function profile(gate: number, targets: readonly Target[]): Promise<Readonly<Record<string, Stages>> | null> {
  const profiler = await openProfiler(gate)
  if (profiler === null) return null
  const found: Record<string, Stages> = {}
  for (const target of targets) {
    const sampled = await askAlone(target, PROFILE, async (go) => {
      await profiler.start()
      await go()
      return profiler.stop()
    })
    found[target.name] = new Map([...stagesOf(sampled)].map(([stage, micros]) => [stage, micros / PROFILE.calls]))
  }
  profiler.close()
  return found
}

await inFolder(bench)
