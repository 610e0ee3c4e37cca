import { LEVELS } from './ask.ts'
import { residentMb } from './process.ts'

const LOOK_EVERY_MS = 100
const MOST = Math.max(...LEVELS)

/** Looks at a process's resident memory: as it is now, and the most it has while as many connections ask as ever do. */
export function watchMemory(pid: number) {
  const rest = residentMb(pid)
  let asking = 0
  let busy: number | null = null
  const timer = setInterval(() => {
    const now = residentMb(pid)
    if (asking === MOST && now !== null) busy = Math.max(busy ?? 0, now)
  }, LOOK_EVERY_MS)
  return {
    /** From now on so many ask. */
    at: (connections: number): void => void (asking = connections),
    stop: (): { readonly rest: number | null; readonly busy: number | null } => (clearInterval(timer), { rest, busy }),
  }
}
