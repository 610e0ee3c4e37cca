import { spawn, spawnSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'

const ATTACH_WITHIN_MS = 10_000
/** It lets go within moments, or waits for ever for a thread that is dead; killed, the kernel lets go for it, and what it had stopped is told to go on. */
const DETACH_WITHIN_MS = 1000

/** What is to happen to which system call of which processes. `files`: only calls about one of these paths; none means any. */
export type Injection = {
  readonly pids: readonly number[]
  readonly calls: string
  readonly files?: readonly string[]
  readonly effect: 'error=EIO' | 'error=ENOSPC' | 'signal=KILL'
  /** The how-manieth of each process, from 1 on; `3+` is the third and all after it. */
  readonly when: string
}

export type Injected = {
  readonly hits: () => number
  /** What strace wrote of it. */
  readonly log: () => string
  /** Lets go of all, and of what they started: `left` are those that live. */
  readonly stop: (left: () => readonly number[]) => Promise<void>
}

/** Whether this machine lets us: strace there, and processes of another user may be traced. */
export const canInject = (): boolean =>
  spawnSync('strace', ['-e', 'inject=getpid:error=EIO', '-o', '/dev/null', 'true']).status === 0 && process.getuid?.() === 0

/** Attaches to processes that run, and to what they start; resolves once it is in place. */
export async function inject({ pids, calls, files = [], effect, when }: Injection): Promise<Injected> {
  const targets = pids.flatMap((pid) => ['-p', String(pid)])
  const paths = files.flatMap((file) => ['-P', file])
  const child = spawn('strace', ['-f', ...targets, ...paths, '-e', `trace=${calls}`, '-e', `inject=${calls}:${effect}:when=${when}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => (log += String(chunk)))
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    child.once('error', () => resolve())
  })
  const isThere = (pid: number): boolean => new RegExp(`Process ${pid} attached|ptrace\\(PTRACE_SEIZE, ${pid}\\)`).test(log)
  for (const until = performance.now() + ATTACH_WITHIN_MS; child.exitCode === null && !pids.every(isThere); await pause(5))
    if (performance.now() > until) throw new Error(`strace did not attach:\n${log}`)
  return {
    hits: () => log.match(/\(INJECTED\)|killed by SIGKILL/g)?.length ?? 0,
    log: () => log,
    stop: async (left) => {
      child.kill('SIGINT')
      const timer = setTimeout(() => child.kill('SIGKILL'), DETACH_WITHIN_MS)
      await ended
      clearTimeout(timer)
      for (const pid of left()) goOn(pid)
    },
  }
}

function goOn(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT')
  } catch {
    // It is gone.
  }
}
