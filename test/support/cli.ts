import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

const GATEHOUSE = join(import.meta.dirname, '../../src/bin/gatehouse.ts')

/** What a command came to. `code` is null when a signal ended it. */
export type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

export type Running = {
  readonly pid: number
  readonly said: () => string
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<Ran>
  /** Resolves with what it said once that matches; rejects when it ends before. */
  readonly until: (pattern: RegExp) => Promise<string>
}

type Surroundings = {
  readonly env?: Readonly<Record<string, string>>
  readonly program?: string
  readonly node?: string
  readonly typed?: string
  /** Whom it runs as, when we are root. */
  readonly uid?: number
  readonly gid?: number
}

/** The real program as a process of its own, with no variable of ours but PATH and HOME, and the run's folder of compiled code. */
export function start(args: readonly string[], { env = {}, program = GATEHOUSE, node = process.execPath, typed, ...ids }: Surroundings = {}): Running {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env
  const child: ChildProcess = spawn(node, [program, ...args], {
    env: { PATH, HOME, NODE_COMPILE_CACHE, ...env },
    ...ids,
    stdio: [typed === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  const watchers = new Set<() => void>()
  child.stdin?.end(typed)
  child.stdout?.on('data', (chunk) => {
    out += String(chunk)
    for (const watch of watchers) watch()
  })
  child.stderr?.on('data', (chunk) => (err += String(chunk)))
  const ended = new Promise<Ran>((resolve) => child.once('close', (code) => resolve({ code, out, err })))
  return {
    pid: child.pid ?? 0,
    said: () => out + err,
    kill: (signal) => void child.kill(signal),
    ended,
    until: (pattern) =>
      new Promise((found, failed) => {
        const watch = () => pattern.test(out) && found(out)
        watchers.add(watch)
        watch()
        void ended.then((ran) => failed(new Error(`it ended (${ran.code}) before it said ${pattern}:\n${ran.out}${ran.err}`)))
      }),
  }
}

export const run = (args: readonly string[], surroundings: Surroundings = {}): Promise<Ran> => start(args, surroundings).ended
