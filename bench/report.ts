import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import type { Row, Spread } from './figures.ts'
import type { Stages } from './stages.ts'
import type { Start } from './start.ts'

/** Everything a run found out. Memory in MB of a million bytes; null where this machine does not tell. */
export type Found = {
  readonly began: Date
  readonly loadBefore: readonly number[]
  readonly loadAfter: readonly number[]
  readonly rounds: number
  /** Share of the machine that other processes used while asking, 0 to 1. */
  readonly others: number | null
  readonly seconds: number
  readonly shipments: number
  readonly rows: readonly Row[]
  readonly start: Start
  readonly gateMb: { readonly rest: number | null; readonly busy: number | null }
  /** Microseconds a call by stage, for each way in. */
  readonly stages: Readonly<Record<string, Stages>> | null
}

export const machine = (): string =>
  `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, ${(totalmem() / 1e9).toFixed(1)} GB; ${type()} ${release()}; Node ${process.versions.node}`

export const loads = (): readonly number[] => loadavg().map((load) => Math.round(load * 100) / 100)

/** Above this share the figures say as much about the others. */
const DISTURBED = 0.1

/** The whole report, as Markdown that also reads well in a terminal. */
export function report(found: Found): string {
  const { began, loadBefore, loadAfter, others, rounds, seconds, shipments, rows, start, gateMb, stages } = found
  return `# What an ask costs

Written by \`npm run bench\`; the next run overwrites it. ${began.toISOString().slice(0, 16).replace('T', ' ')} UTC.
${machine()}. Load average before ${loadBefore.join(' ')}, after ${loadAfter.join(' ')} (the bench's own work is in the latter).
While it asked, other programs on this machine used ${others === null ? 'an unknown share' : `${Math.round(others * 100)} %`} of its processors${others !== null && others > DISTURBED ? ': the figures below are of a disturbed machine' : ''}.

## Calls per second

${rounds} rounds; each goes through all levels and targets in turn, about ${seconds} s a slice, after one that is not counted. Median of the rounds, lowest and
highest in brackets; the ratio is to the SDK's echo in the same round. Milliseconds per call. Not one of ${rows.reduce((sum, row) => sum + row.calls, 0).toLocaleString('en')} calls failed.

${table(
  ['connections', 'target', 'calls/s', 'to SDK echo', 'p50', 'p95', 'p99', 'CPU µs per call'],
  rows.map((row) => [
    String(row.connections),
    row.target,
    spread(row.rate, 0),
    spread(row.ratio, 2),
    row.p50.toFixed(2),
    row.p95.toFixed(2),
    row.p99.toFixed(2),
    Object.entries(row.cpu)
      .map(([name, micros]) => `${name} ${micros.toFixed(0)}`)
      .join(', '),
  ]),
)}

- **bare node:http echo**: \`node:http\` reads a JSON body and sends it back. **MCP SDK echo**: \`McpServer\` through \`createMcpHandler\` and \`toNodeHandler\`, one
  tool that gives its argument back, 2026-07-28 wire. Both without authentication, policy, source or journal.
- **Gatehouse**: the pilot's house with its own processes, asked for \`getShipmentSummary\` of ${shipments} shipments in turn by 4 devices with a session each.
  Everything is on: DPoP proof with server nonce per request, policy, TMS query under row-level security over 10,000 shipments, covering, exposure, journal
  entry durable before the answer. Only rates and cost budgets are raised.
- Proofs are signed before the clock runs, in the generator, with the nonce of the moment; the generator is a process of its own beside the servers.
- CPU is each process's user and system time over the slice, all its threads, divided by its calls.

## Processor time of the gate, by stage

${stages === null ? 'Not measured: the inspector of the gate could not be opened.' : stageTable(stages)}

By V8's sampling profiler at 16 connections, in the gate's main thread, the check of a signature included. A sample counts for the nearest room
of \`src/\` (or the package named) that it was taken under; \`node\` is what none of them called.

## Start and memory

- Start to ready, \`gatehouse pilot\` from the command to the printed instructions: ${start.coldSeconds.toFixed(1)} s with a new data folder, ${start.warmSeconds.toFixed(1)} s with one that exists (aim: under 6).
- Memory of the gate (resident): ${megabytes(gateMb.rest)} at rest, at most ${megabytes(gateMb.busy)} while 50 connections ask (aim: under 250).

## What it does not measure

- A network, TLS, or a source on another machine: all runs on loopback and one machine, where PostgreSQL, generator and gate share the cores.
- The connector on a desktop, the signing of proofs, opening and renewing sessions, the console.
- Lists, changes and drafts; a source that is slow; a journal of millions of entries; sessions by the thousand.
- An agent that asks something new each time: policy decisions and tokens are recalled, and here most are.
- The limits themselves, which would stop such an agent long before.
`
}

const spread = ({ median, min, max }: Spread, digits: number): string => `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`
const megabytes = (value: number | null): string => (value === null ? 'not measured' : `${value.toFixed(0)} MB`)

function stageTable(stages: Readonly<Record<string, Stages>>): string {
  const ways = Object.keys(stages)
  const names = [...new Set(Object.values(stages).flatMap((one) => [...one.keys()]))]
  const of = (way: string, name: string): number => stages[way]?.get(name) ?? 0
  const total = (name: string): number => ways.reduce((sum, way) => sum + of(way, name), 0)
  const sum = (way: string): number => names.reduce((all, name) => all + of(way, name), 0)
  return table(
    ['stage, µs per call', ...ways],
    [
      ...names.toSorted((a, b) => total(b) - total(a)).map((name) => [name, ...ways.map((way) => of(way, name).toFixed(1))]),
      ['all', ...ways.map((way) => sum(way).toFixed(0))],
    ],
  )
}

/** A Markdown table whose columns line up. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n')
}
