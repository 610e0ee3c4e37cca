import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Starts a file of this folder as a process of its own. */
export const startProcess = (file: string, execArgv: readonly string[] = []): ChildProcess =>
  fork(join(import.meta.dirname, file), { execArgv: [...execArgv], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })

/** The next message of a process; throws if it ends instead. */
export async function nextMessage(child: ChildProcess): Promise<unknown> {
  const waiting = new AbortController()
  const { signal } = waiting
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as unknown),
      once(child, 'exit', { signal }).then(() => Promise.reject(new Error('a process of the bench ended before it was done'))),
    ])
  } finally {
    waiting.abort()
  }
}

/** Ticks a second in /proc/PID/stat (proc(5)): 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Processor time a process has used so far, in microseconds, user and system; all its threads. Null where there is no /proc. */
export function cpuMicros(pid: number): number | null {
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /, '')
    .split(' ')
  return fields ? ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND : null
}

/** Processor time the whole machine has had since it started, and how much of it was used, in ticks of all processors together. Null where there is no /proc. */
export function machineTicks(): { readonly all: number; readonly used: number } | null {
  const ticks = read('/proc/stat')?.split('\n', 1)[0]?.trim().split(/\s+/).slice(1, 9).map(Number)
  if (!ticks) return null
  const all = ticks.reduce((sum, one) => sum + one, 0)
  // proc_stat(5): the fourth is idle, the fifth waits for a disk.
  return { all, used: all - (ticks[3] ?? 0) - (ticks[4] ?? 0) }
}

/** The same of these processes. */
export const ticksOf = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + ((cpuMicros(pid) ?? 0) * TICKS_PER_SECOND) / 1e6, 0)

/** Memory a process holds resident, in MB of a million bytes. Null where there is no /proc. */
export function residentMb(pid: number): number | null {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1]
  return kilobytes === undefined ? null : (Number(kilobytes) * 1024) / 1e6
}

/** A process and its children: PostgreSQL's server with its backends. */
export function familyOf(pid: number): readonly number[] {
  const all = process.platform === 'linux' ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : []
  return [
    pid,
    ...all.map(Number).filter(
      (one) =>
        Number(
          read(`/proc/${one}/stat`)
            ?.replace(/^.*\) /, '')
            .split(' ')[1],
        ) === pid,
    ),
  ]
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return null
  }
}
