import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Fault, type FaultCode } from '../model/fault.ts'
import type { OsUser } from '../store/cluster/os-user.ts'
import { RUNTIME } from './runtime.ts'

/** The parts of the house, in the order they start. The gate stops first; the archive last, once the signer has signed all there was. */
export const PARTS = ['sign', 'archive', 'apply', 'gate'] as const
export type PartName = (typeof PARTS)[number]

/** Where a part finds its configuration and its keys. `user`: whom it is started as, when that is another than we are. */
export type PartPlace = { readonly configFile: string; readonly keys: string; readonly user: OsUser | null }
export type PartPlaces = Readonly<Record<PartName, PartPlace>>

export type PartMessage =
  | { readonly type: 'ready'; readonly ready: Readonly<Record<string, string>> }
  | { readonly type: 'fault'; readonly code: FaultCode; readonly message: string; readonly next: string }

export type Running = {
  readonly name: PartName
  readonly pid: number
  readonly ready: Readonly<Record<string, string>>
  readonly stop: () => Promise<void>
  /** Resolves when the process is gone, with its exit code; null when it was killed. */
  readonly ended: Promise<number | null>
}

const STOP_WITHIN_MS = 15_000
/**
 * Starts a part as a process of its own. It is not in our process group, so that Ctrl-C in the terminal reaches us alone and
 * the gate is drained in order. Secrets go by environment; a user of its own is the part's from its first instruction on. Throws the part's own Fault when it cannot start.
 */
export async function startPart(
  name: PartName,
  { configFile, user }: PartPlace,
  secrets: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<Running> {
  const runtime = name === 'gate' || name === 'apply' ? RUNTIME[name] : RUNTIME.other
  const child = fork(join(import.meta.dirname, 'gatehouse.ts'), ['serve', '--config', configFile, '--part', name, ...flags], {
    detached: true,
    env: { ...inherited(user === null ? OURS : []), ...runtime.env, ...secrets },
    // Without our own groups: Node gives them up together with the uid.
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
    execArgv: [...runtime.flags],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const first = await Promise.race([once(child, 'message').then(([message]) => message as PartMessage), ended])
  if (first === null || typeof first === 'number') throw new Fault('part_ended', `the ${name} process ended before it was ready`, 'read its last lines above')
  if (first.type === 'fault') {
    await ended
    throw new Fault(first.code, first.message, first.next)
  }
  return { name, pid: child.pid ?? 0, ready: first.ready, ended, stop: () => stopChild(child, ended) }
}

/** Asks it to finish, and waits; one that does not within the time is killed: what it had under way is then refused, never half released. */
async function stopChild(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
  await ended
  clearTimeout(timer)
}

/** Folders of ours, which a part that runs as another user has no business in. */
const OURS = ['HOME', 'TMPDIR', 'TEMP', 'TMP']

/** Of our own environment only what a program needs to run: no variable of the person who starts us reaches a part by accident. */
const inherited = (ours: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    [...ours, 'PATH', 'LANG', 'TZ', 'SYSTEMROOT', 'NODE_COMPILE_CACHE', 'NODE_EXTRA_CA_CERTS'].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]],
    ),
  )
