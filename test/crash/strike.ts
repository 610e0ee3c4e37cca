import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gone } from '../../src/store/cluster/postmaster.ts'
import type { Files, Point, Relation, Stirred } from './points.ts'
import type { Server } from './server.ts'
import { type Injection, inject } from './strace.ts'
import type { WriterProcess } from './writer-process.ts'

const REACHED_WITHIN_MS = 5000
/** How long a disk stays full or broken: long enough that everybody meets it again. */
const LASTING_MS = 400
const STIR_EVERY_MS = 150
const GONE_WITHIN_SECONDS = 20

type Scene = { readonly server: Server; readonly writers: readonly WriterProcess[]; readonly chance: () => number }

/** Brings a crash about. False when the point was not reached: nobody made such a call in time. */
export async function strike(scene: Scene, point: Point): Promise<boolean> {
  switch (point.way) {
    case 'moment':
      return kill(scene, point)
    case 'call':
      return killAt(scene, point)
    case 'error':
      return fail(scene, point)
  }
}

async function kill({ server, writers, chance }: Scene, { struck, afterMs }: Extract<Point, { way: 'moment' }>): Promise<boolean> {
  const alive = writers.filter(({ end }) => end() === null).map(({ pid }) => pid)
  const pids =
    struck === 'writer'
      ? [pick(alive, chance)]
      : struck === 'postmaster'
        ? [server.postmaster()]
        : struck === 'all'
          ? [...alive, ...server.pids().toReversed()]
          : [pick(await serverPids(server, struck), chance)]
  await pause(afterMs)
  const falling = fallingWith(server, struck)
  const hit = pids.map(killed).some(Boolean)
  await allGone([...pids, ...falling])
  return hit
}

async function killAt({ server, writers, chance }: Scene, { struck, calls, nth, stirred }: Extract<Point, { way: 'call' }>): Promise<boolean> {
  // A new segment is made by whichever backend needs it first, a checkpoint by its one process.
  const pids =
    struck === 'writer'
      ? [pick(writers, chance).pid]
      : stirred === 'entries'
        ? [pick(await serverPids(server, struck), chance)]
        : await serverPids(server, struck)
  const falling = fallingWith(server, struck)
  const hit = await during({ pids, calls, effect: 'signal=KILL', when: String(nth) }, server, stirred, 0)
  if (hit) await allGone(falling)
  return hit
}

/** One process of PostgreSQL's that is killed takes all others with it but the postmaster, which then starts them anew. */
const fallingWith = (server: Server, struck: 'writer' | 'backend' | 'helper' | 'postmaster' | 'all'): readonly number[] =>
  struck === 'writer' ? [] : server.pids().filter((pid) => pid !== server.postmaster())

async function allGone(pids: readonly number[]): Promise<void> {
  for (const pid of pids) if (!(await gone(pid, GONE_WITHIN_SECONDS))) throw new Error(`process ${pid} did not fall`)
}

async function fail({ server }: Scene, { effect, calls, files, nth, lasting, stirred }: Extract<Point, { way: 'error' }>): Promise<boolean> {
  const injection: Injection = { pids: server.pids(), calls, files: await pathsOf(server, files), effect, when: lasting ? `${nth}+` : String(nth) }
  return during(injection, server, stirred, lasting ? LASTING_MS : 0)
}

/** Has it injected until it hit; and where it lasts, for that long after. */
async function during(injection: Injection, server: Server, stirred: Stirred, lastsMs: number): Promise<boolean> {
  const injected = await inject(injection)
  const stir = { entries: null, checkpoint: 'checkpoint', 'new segment': 'select pg_switch_wal()' }[stirred]
  let stirring: Promise<unknown> = Promise.resolve()
  for (let [until, next] = [performance.now() + REACHED_WITHIN_MS, 0]; injected.hits() === 0 && performance.now() < until; await pause(5)) {
    if (stir === null || performance.now() < next) continue
    next = performance.now() + STIR_EVERY_MS
    // It may well be refused, or die with the server: that is the point.
    stirring = stirring.then(() => server.sql(stir)).catch(() => undefined)
  }
  if (injected.hits() > 0) await pause(lastsMs)
  await injected.stop(server.pids)
  await stirring
  return injected.hits() > 0
}

async function serverPids(server: Server, struck: 'backend' | 'helper'): Promise<readonly number[]> {
  const processes = await server.processes()
  return processes.filter(({ name }) => name.startsWith('writer') === (struck === 'backend') && name !== 'client backend').map(({ pid }) => pid)
}

const RELATIONS: Readonly<Record<Relation, string>> = {
  entries: "pg_relation_filepath('journal_entry')",
  'long entries': "pg_relation_filepath((select reltoastrelid from pg_class where oid = 'journal_entry'::regclass))",
  index: "pg_relation_filepath('journal_entry_pkey')",
  ciphertexts: "pg_relation_filepath('payload')",
  'long ciphertexts': "pg_relation_filepath((select reltoastrelid from pg_class where oid = 'payload'::regclass))",
  'ciphertext index': "pg_relation_filepath('payload_pkey')",
  head: "pg_relation_filepath('journal_head')",
}

/** As the server names them to the system, and as the system knows them: relative to its folder and from the root. */
async function pathsOf(server: Server, files: Files): Promise<readonly string[]> {
  const found = files === 'commits' ? ['pg_xact/0000'] : files === 'control' ? ['global/pg_control'] : await asked(server, files)
  return found.flatMap((path) => [path, join(server.folder, path)])
}

async function asked(server: Server, files: Exclude<Files, 'commits' | 'control'>): Promise<readonly string[]> {
  if (files === 'log' || files === 'next log') {
    const [row] = await server.sql<{ readonly name: string }>('select pg_walfile_name(pg_current_wal_insert_lsn()) as name')
    const first = row?.name ?? ''
    const segments = Array.from({ length: files === 'log' ? 2 : 8 }, (_, i) => segmentAfter(first, i + (files === 'log' ? 0 : 1)))
    const drafts = files === 'log' ? [] : server.pids().map((pid) => `xlogtemp.${pid}`)
    return [...segments, ...drafts].map((name) => `pg_wal/${name}`)
  }
  const [row] = await server.sql<{ readonly path: string }>(`select ${RELATIONS[files]} as path`)
  return [row?.path ?? '']
}

/** Names of log segments: timeline, and the segment's number in two parts of which the lower has 256 values (16 MB segments). */
function segmentAfter(name: string, count: number): string {
  const number = Number.parseInt(name.slice(8, 16), 16) * 256 + Number.parseInt(name.slice(16), 16) + count
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0')
  return `${name.slice(0, 8)}${hex(Math.floor(number / 256))}${hex(number % 256)}`
}

function killed(pid: number): boolean {
  if (!(pid > 1)) throw new Error(`no process to kill: ${pid}`)
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

function pick<T>(all: readonly T[], chance: () => number): T {
  const one = all[Math.floor(chance() * all.length)]
  if (one === undefined) throw new Error('there is none to strike')
  return one
}
