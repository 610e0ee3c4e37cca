/**
 * Where the gate's processor time goes. V8's own sampling profiler is switched on in the running process from outside (SIGUSR1 opens
 * its inspector on loopback), so what is measured is the gate as it always is.
 */
import { once } from 'node:events'

export type CallFrame = { readonly functionName: string; readonly url: string }
export type ProfileNode = { readonly id: number; readonly callFrame: CallFrame; readonly children?: readonly number[] }
/** As the inspector gives it: the node of each sample, and microseconds since the sample before. */
export type Profile = { readonly nodes: readonly ProfileNode[]; readonly samples: readonly number[]; readonly timeDeltas: readonly number[] }

const INSPECTOR = 'http://127.0.0.1:9229'
const SAMPLE_MICROS = 200
const OPEN_WITHIN_MS = 5000

export type Profiler = { readonly start: () => Promise<void>; readonly stop: () => Promise<Profile>; readonly close: () => void }

/** The profiler of a process, or null where its inspector cannot be opened: Windows has no such signal, and the port may be another program's. */
export async function openProfiler(pid: number): Promise<Profiler | null> {
  if (process.platform === 'win32' || (await targetUrl()) !== null) return null
  process.kill(pid, 'SIGUSR1')
  let url: string | null = null
  for (const until = performance.now() + OPEN_WITHIN_MS; url === null && performance.now() < until; url = await targetUrl())
    await new Promise((wake) => setTimeout(wake, 50))
  if (url === null) return null
  const socket = new WebSocket(url)
  await once(socket, 'open')
  const call = caller(socket)
  await call('Profiler.enable')
  await call('Profiler.setSamplingInterval', { interval: SAMPLE_MICROS })
  return {
    start: async () => void (await call('Profiler.start')),
    stop: async () => ((await call('Profiler.stop')) as { readonly profile: Profile }).profile,
    close: () => socket.close(),
  }
}

async function targetUrl(): Promise<string | null> {
  try {
    const [target] = (await (await fetch(`${INSPECTOR}/json/list`)).json()) as readonly { readonly webSocketDebuggerUrl?: string }[]
    return target?.webSocketDebuggerUrl ?? null
  } catch {
    return null
  }
}

function caller(socket: WebSocket): (method: string, params?: object) => Promise<unknown> {
  let last = 0
  const waiting = new Map<number, (result: unknown) => void>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { readonly id: number; readonly result: unknown }
    waiting.get(id)?.(result)
    waiting.delete(id)
  })
  return (method, params = {}) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve)
      socket.send(JSON.stringify({ id: last, method, params }))
    })
}
