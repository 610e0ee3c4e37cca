import type pg from 'pg'
import type { Row } from '../../model/row.ts'
import type { Exchange, Read } from './exchange.ts'

/** No connection to the source: nothing was asked of it. */
export class Unreached extends Error {}

/** The rows of one read. Rejects with `Unreached`, or with what the source or the connection said. */
export type Reads = (read: Read) => Promise<readonly Row[]>

/** Of one statement. While they are under way, those that come wait for each other. */
const UNDER_WAY_MAX = 2
const TOGETHER_MAX = 32

type Waiting = { readonly read: Read; readonly resolve: (rows: readonly Row[]) => void; readonly reject: (cause: unknown) => void }
type Line = { readonly waiting: Waiting[]; underWay: number }

/** Each read alone, on a connection of its own. */
export function alone(pool: pg.Pool, exchange: Exchange): Reads {
  const carry = carrier(pool, exchange)
  return async (read) => (await carry([read]))[0] ?? []
}

/**
 * Reads of one statement that come while others of it are under way go out in one exchange: it takes the server and us little longer than one read. For reads
 * that are quick, since each waits for all of its exchange. Each is confined and said back by itself. When one of them fails, all are read again, each alone: nobody is told of another's failure.
 */
export function inLine(pool: pg.Pool, exchange: Exchange): Reads {
  const carry = carrier(pool, exchange)
  const lines = new Map<string, Line>()

  async function run(line: Line, name: string): Promise<void> {
    line.underWay++
    while (line.waiting.length > 0) await answer(line.waiting.splice(0, TOGETHER_MAX))
    line.underWay--
    if (line.underWay === 0) lines.delete(name)
  }

  async function answer(some: readonly Waiting[]): Promise<void> {
    try {
      const found = await carry(some.map(({ read }) => read))
      for (const [i, { resolve }] of some.entries()) resolve(found[i] ?? [])
    } catch (cause) {
      if (some.length > 1 && !(cause instanceof Unreached)) await Promise.all(some.map((one) => answer([one])))
      else for (const { reject } of some) reject(cause)
    }
  }

  return (read) =>
    new Promise((resolve, reject) => {
      const line = lines.get(read.named.name) ?? { waiting: [], underWay: 0 }
      lines.set(read.named.name, line)
      line.waiting.push({ read, resolve, reject })
      if (line.underWay < UNDER_WAY_MAX) void run(line, read.named.name)
    })
}

function carrier(pool: pg.Pool, exchange: Exchange): (reads: readonly Read[]) => ReturnType<Exchange> {
  return async (reads) => {
    let client: pg.PoolClient
    try {
      client = await pool.connect()
    } catch (cause) {
      throw new Unreached('no connection', { cause })
    }
    try {
      const found = await exchange(client, reads)
      client.release()
      return found
    } catch (cause) {
      // The connection's state is unknown: it is closed, never given to the next ask.
      client.release(true)
      throw cause
    }
  }
}
