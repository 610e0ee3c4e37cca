import { execFile, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Fault } from '../../model/fault.ts'
import type { Binaries } from './binaries.ts'
import { runAs } from './initialise.ts'
import type { OsUser } from './os-user.ts'

/** A running server. `host` is the socket's folder, on Windows the loopback address. */
export type Postmaster = { readonly pid: number; readonly host: string; readonly port: number }

export type Place = { readonly dataFolder: string; readonly user: OsUser; readonly binaries: Binaries }

const START_SECONDS = 60
const STOP_SECONDS = 30

const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  password_encryption: 'scram-sha-256',
  shared_buffers: '64MB',
  max_connections: '60',
  max_parallel_workers_per_gather: '0',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  log_statement: 'none',
} as const

/** What postmaster.pid says, with the server's own word on whether it takes connections; null when there is none or it is half written. */
export function readPostmaster(dataFolder: string): (Postmaster & { readonly ready: boolean }) | null {
  let lines: readonly string[]
  try {
    lines = readFileSync(join(dataFolder, 'cluster', 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return null
  }
  const [pid, , , port, socket, address, , status] = lines
  if (!(Number(pid) > 0) || !(Number(port) > 0)) return null
  return { pid: Number(pid), host: socket || address || '', port: Number(port), ready: status?.trim() === 'ready' }
}

/** Whether a process with this id lives, ours or not. One that is dead and not yet reaped does not. @internal */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
  return !isZombie(pid)
}

/** Dead, and kept in the table because nothing reaps it (a container without an init): it holds no file and no lock (proc(5)). */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return false
  }
}

/** PostgreSQL takes a dead server that nothing reaped for a living one, and does not start over its locks: they are cleared away for it. */
export function clearDead(dataFolder: string): void {
  const found = readPostmaster(dataFolder)
  if (found === null || !isZombie(found.pid)) return
  const socket = join(found.host, `.s.PGSQL.${found.port}`)
  for (const file of [`${socket}.lock`, socket, join(dataFolder, 'cluster', 'postmaster.pid')]) rmSync(file, { force: true })
}

/**
 * Starts the server in a process group of its own, so that Ctrl-C in the terminal does not reach it: whoever drains the gate stops it after.
 * Returns once it takes connections; `null` when another server got hold of the cluster first; a Fault with the log's end when it will not start.
 */
export async function startPostmaster({ dataFolder, user, binaries }: Place, at: { readonly host: string; readonly port: number }): Promise<Postmaster | null> {
  const network =
    process.platform === 'win32'
      ? { listen_addresses: at.host, unix_socket_directories: '' }
      : { listen_addresses: '', unix_socket_directories: at.host.replaceAll(/[\\,"]/g, '') }
  const unix_socket_permissions = user.switched ? '0770' : '0700'
  const settings = Object.entries({ ...SETTINGS, ...network, unix_socket_permissions, port: String(at.port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const log = join(dataFolder, 'postgres.log')
  const output = openSync(log, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600)
  const child = spawn(binaries.postgres, ['-D', join(dataFolder, 'cluster'), ...settings], {
    ...runAs(user),
    detached: true,
    cwd: dirname(binaries.postgres),
    stdio: ['ignore', output, output],
    windowsHide: true,
  })
  closeSync(output)
  let exited = false
  child.once('exit', () => (exited = true))
  child.once('error', () => (exited = true))
  child.unref()
  for (const until = performance.now() + START_SECONDS * 1000; performance.now() < until; await pause(10)) {
    const found = readPostmaster(dataFolder)
    if (exited && found !== null && found.pid !== child.pid && alive(found.pid)) return null
    if (exited) break
    if (found?.ready && found.pid === child.pid) return { pid: found.pid, host: at.host, port: at.port }
  }
  throw new Fault(
    'data_unreachable',
    `PostgreSQL did not start; the end of ${log}:\n${lastLines(log)}`,
    'mend what the log names, or name another folder with --data',
  )
}

/** Stops the server the fast way (sessions are cut, everything is on disk) and returns when it is gone. */
export async function stopPostmaster({ dataFolder, user, binaries }: Place, { pid }: Postmaster): Promise<void> {
  if (process.platform === 'win32') {
    await promisify(execFile)(binaries.pgCtl, ['stop', '-D', join(dataFolder, 'cluster'), '-m', 'fast', '-w'], runAs(user))
    return
  }
  for (const signal of ['INT', 'QUIT'] as const) {
    if (!alive(pid)) return
    signalAs(user, pid, signal)
    if (await gone(pid, STOP_SECONDS)) return
  }
  throw new Error(`PostgreSQL (process ${pid}) does not stop`)
}

/** INVARIANT: the process id is what PostgreSQL's user wrote into a file; as root we signal it with their rights, so that it can name no process but theirs. */
function signalAs(user: OsUser, pid: number, signal: 'INT' | 'QUIT'): void {
  try {
    if (user.switched) execFileSync('/bin/sh', ['-c', 'kill -s "$0" "$1"', signal, String(pid)], { ...runAs(user), stdio: 'pipe' })
    else process.kill(pid, `SIG${signal}`)
  } catch (cause) {
    if (alive(pid)) throw cause
  }
}

/** Whether the server goes within that time; dead and not reaped is gone. */
export async function gone(pid: number, seconds: number): Promise<boolean> {
  for (const until = performance.now() + seconds * 1000; performance.now() < until; await pause(10)) {
    if (!alive(pid)) return true
  }
  return false
}

function lastLines(path: string): string {
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-8).join('\n')
}
