import type { Injection } from './strace.ts'

/** Which files of PostgreSQL's an injected error is about: the log of changes (the segment in use and the next), tables, the record of what was committed. */
export type Files = 'log' | 'next log' | Relation | 'commits' | 'control'
export type Relation = 'entries' | 'long entries' | 'index' | 'ciphertexts' | 'long ciphertexts' | 'ciphertext index' | 'head'

type Struck = 'writer' | 'backend' | 'helper' | 'postmaster' | 'all'

/**
 * One crash. `moment`: killed when it happens to be, `afterMs` from now. `call`: killed on entering its `nth` system call of this name from now.
 * `error`: from the `nth` such call on these files on, the kernel says EIO or ENOSPC, `lasting` or once. `stirred`: what makes the server do it now.
 */
export type Point =
  | { readonly way: 'moment'; readonly struck: Struck; readonly afterMs: number }
  | { readonly way: 'call'; readonly struck: 'writer' | 'backend' | 'helper'; readonly calls: string; readonly nth: number; readonly stirred: Stirred }
  | {
      readonly way: 'error'
      readonly effect: Exclude<Injection['effect'], 'signal=KILL'>
      readonly calls: string
      readonly files: Files
      readonly nth: number
      readonly lasting: boolean
      readonly stirred: Stirred
    }

/** By the entries that come anyway, a checkpoint of the server's, or a new segment of its log. */
export type Stirred = 'entries' | 'checkpoint' | 'new segment'

const NTH = [1, 2, 3, 5, 8] as const
const WRITES = 'pwrite64,pwritev,fallocate'

const CALLS = [
  // The writer: as it hands a batch to the system, as it would hear the answer, as it waits.
  ['writer', 'write,writev', 'entries'],
  ['writer', 'read,readv', 'entries'],
  ['writer', 'epoll_wait,epoll_pwait', 'entries'],
  // The backend that commits: before its log is written, before that is on disk, and when it is and nobody was told.
  ['backend', 'pwrite64', 'entries'],
  ['backend', 'fdatasync', 'entries'],
  ['backend', 'sendto', 'entries'],
  ['backend', 'rename', 'new segment'],
  ['helper', 'pwrite64', 'checkpoint'],
  ['helper', 'fsync', 'checkpoint'],
  ['helper', 'rename', 'checkpoint'],
] as const

const ERRORS = [
  ['log', 'pwrite64', 'entries'],
  ['log', 'fdatasync', 'entries'],
  ['next log', 'rename', 'new segment'],
  ['next log', WRITES, 'new segment'],
  ['entries', WRITES, 'entries'],
  ['long entries', WRITES, 'entries'],
  ['index', WRITES, 'entries'],
  ['ciphertexts', WRITES, 'entries'],
  ['long ciphertexts', WRITES, 'entries'],
  ['ciphertext index', WRITES, 'entries'],
  ['entries', 'fsync', 'checkpoint'],
  ['ciphertexts', 'fsync', 'checkpoint'],
  ['head', 'pwrite64', 'checkpoint'],
  ['head', 'fsync', 'checkpoint'],
  ['commits', 'pwrite64', 'checkpoint'],
  ['commits', 'fsync', 'checkpoint'],
  ['control', 'write', 'checkpoint'],
  ['control', 'fsync', 'checkpoint'],
] as const

/** Every system call of the tables at every place in its order: the same at every run. */
export const SYSTEMATIC: readonly Point[] = NTH.flatMap((nth): readonly Point[] => [
  ...CALLS.map(([struck, calls, stirred]): Point => ({ way: 'call', struck, calls, nth, stirred })),
  ...ERRORS.flatMap(([files, calls, stirred]) =>
    (['error=EIO', 'error=ENOSPC'] as const).flatMap((effect) =>
      // What happens only once or twice has no fifth time.
      stirred !== 'entries' && nth > 1 ? [] : [false, true].map((lasting): Point => ({ way: 'error', effect, calls, files, nth, lasting, stirred })),
    ),
  ),
])

/** How often each is struck at random, of twenty. */
const MOMENTS: readonly Struck[] = [...Array(8).fill('writer'), ...Array(5).fill('backend'), 'helper', 'helper', ...Array(3).fill('postmaster'), 'all', 'all']

/** `count` points: half of them from the table, over and over; half at random. `chance` gives numbers from 0 to 1. */
export function plan(count: number, chance: () => number): readonly Point[] {
  return Array.from({ length: count }, (_, i): Point => {
    if (i % 2 === 0) return SYSTEMATIC[(i / 2) % SYSTEMATIC.length] as Point
    return { way: 'moment', struck: MOMENTS[Math.floor(chance() * MOMENTS.length)] as Struck, afterMs: Math.floor(chance() * 60) }
  })
}

const NAMES: Readonly<Record<Struck, string>> = {
  writer: 'a writing process',
  backend: "a writing process's backend in PostgreSQL",
  helper: 'another process of PostgreSQL',
  postmaster: "PostgreSQL's postmaster",
  all: 'everything at once',
}

/** The kind of a point, by which they are counted. */
export function kindOf(point: Point): string {
  switch (point.way) {
    case 'moment':
      return `SIGKILL of ${NAMES[point.struck]}, at any moment`
    case 'call':
      return `SIGKILL of ${NAMES[point.struck]}, entering ${point.calls.replace(',', ' or ')}`
    case 'error':
      return `${point.effect.slice('error='.length)} from ${point.calls.replaceAll(',', ', ')} on ${FILES[point.files]}${point.lasting ? ', lasting' : ', once'}`
  }
}

const FILES: Readonly<Record<Files, string>> = {
  log: 'the write-ahead log',
  'next log': "the write-ahead log's next segment",
  entries: "the entries' table",
  'long entries': "the table of the entries' long bodies",
  index: "the entries' index",
  ciphertexts: "the ciphertexts' table",
  'long ciphertexts': 'the table of long ciphertexts',
  'ciphertext index': "the ciphertexts' index",
  head: "the head's table",
  commits: 'the record of commits (pg_xact)',
  control: 'pg_control',
}
