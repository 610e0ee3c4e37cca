import { setImmediate as turn } from 'node:timers/promises'
import type pg from 'pg'
import { lru } from '../../base/lru.ts'
import type { Row } from '../../model/row.ts'
import type { Exchange, Read } from './exchange.ts'

/** No connection to the source, or none that answers. */
export class Unreached extends Error {}

/** The rows of one read. Rejects with `Unreached`, or with what the source or the connection said. */
export type Reads = (read: Read) => Promise<readonly Row[]>

/** Of one statement. While they are under way, those that come wait for each other. */
const UNDER_WAY_MAX = 2
const TOGETHER_MAX = 32
const WAITING_MAX = 1000
/** A statement that failed, or took longer than this, is not quick: for a while its reads go alone. */
const SLOW_MS = 100
const APART_MS = 5000
/** What the network may take beside the statement's own timeout. */
const GRACE_MS = 1000

type Waiting = { readonly read: Read; readonly resolve: (rows: readonly Row[]) => void; readonly reject: (cause: unknown) => void }
type Line = { readonly waiting: Waiting[]; underWay: number; apartUntil: number }

/** Each read alone, on a connection of its own. */
export function alone(pool: pg.Pool, exchange: Exchange): Reads {
  const carry = carrier(pool, exchange)
  return async (read) => (await carry([read]))[0] ?? []
}

/**
 * Reads of one statement that come in one turn of the event loop, or while others of it are under way, go out in one exchange: it takes the server and us little
 * longer than one read. Each is confined and said back by itself. When one of them fails, all are read again, each alone: nobody is told of another's failure.
 * For reads that are quick, since each waits for all of its exchange: one that is not sends those of its statement alone for 5 s.
 */
export function inLine(pool: pg.Pool, exchange: Exchange): Reads {
  const [carry, single] = [carrier(pool, exchange), alone(pool, exchange)]
  const lines = lru<string, Line>(500)

  async function run(line: Line): Promise<void> {
    line.underWay++
    await turn()
    while (line.waiting.length > 0) await answer(line, line.waiting.splice(0, TOGETHER_MAX))
    line.underWay--
  }

  async function answer(line: Line, some: readonly Waiting[]): Promise<void> {
    const began = performance.now()
    try {
      const found = await carry(some.map(({ read }) => read))
      for (const [i, { resolve }] of some.entries()) resolve(found[i] ?? [])
      if (performance.now() > began + SLOW_MS) line.apartUntil = performance.now() + APART_MS
    } catch (cause) {
      line.apartUntil = performance.now() + APART_MS
      // Who waits behind would wait as long for the same.
      if (cause instanceof Unreached) for (const { reject } of [...some, ...line.waiting.splice(0)]) reject(cause)
      else if (some.length === 1) some[0]?.reject(cause)
      // Not waited for: those behind need not wait for them too.
      else for (const { read, resolve, reject } of some) single(read).then(resolve, reject)
    }
  }

  return (read) => {
    const line = lines.get(read.named.name) ?? { waiting: [], underWay: 0, apartUntil: 0 }
    lines.set(read.named.name, line)
    if (performance.now() < line.apartUntil) return single(read)
    if (line.waiting.length >= WAITING_MAX) return Promise.reject(new Unreached('too many reads are waiting'))
    return new Promise((resolve, reject) => {
      line.waiting.push({ read, resolve, reject })
      if (line.underWay < UNDER_WAY_MAX) void run(line)
    })
  }
}

function carrier(pool: pg.Pool, exchange: Exchange): (reads: readonly Read[]) => ReturnType<Exchange> {
  const within = (pool.options.statement_timeout || 0) + GRACE_MS
  return async (reads) => {
    let client: pg.PoolClient
    try {
      client = await pool.connect()
    } catch (cause) {
      throw new Unreached('no connection', { cause })
    }
    try {
      const found = await inTime(exchange(client, reads), within)
      client.release()
      return found
    } catch (cause) {
      // The connection's state is unknown: it is closed, never given to the next ask.
      client.release(true)
      throw cause
    }
  }
}

/** Rejects with `Unreached` when nothing came by then: a connection whose other end is gone may never say so. */
function inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Unreached('no answer in time')), ms)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
