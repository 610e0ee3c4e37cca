import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { HASH_BYTES } from '../src/log/leaf.ts'
import { byteaArray } from '../src/store/bytea-array.ts'
import type { Connection } from '../src/store/cluster/cluster.ts'
import { answeredBody } from './journal-house.ts'

/** The least that has to be done for entries to be durable, on the same server as the journal: what no journal on it can pass by one statement at a time. */
export type Floor = {
  /** Makes batches of `count` entries. What it gives inserts them for so many seconds, each once the last is durable, and says how many entries a second. */
  readonly of: (count: number) => (forSeconds: number) => Promise<number>
  readonly drop: () => Promise<void>
}

const DATABASE = 'floor'
/** Made before the clock runs, then inserted in turn, each time at new places. */
const BATCHES = 16

const INSERT = `
insert into floor (index, leaf, body)
select $3::bigint + entry.place - 1, entry.leaf, entry.body
from unnest($1::bytea[], $2::bytea[]) with ordinality as entry (leaf, body, place)`

/** A plain table in a database of its own, and one connection to it whose commits wait for the disk. */
export async function openFloor(superuser: Connection): Promise<Floor> {
  await asSuperuser(superuser, (client) => client.query(`create database ${DATABASE}`))
  const client = new pg.Client({ ...superuser, database: DATABASE })
  await client.connect()
  await client.query('set synchronous_commit = on')
  await client.query('create table floor (index bigint primary key, leaf bytea not null, body bytea not null)')
  let size = 0
  return {
    of: (count) => {
      const batches = Array.from({ length: BATCHES }, (_, n) => batchOf(n * count, count))
      return async (forSeconds) => {
        const [from, began] = [size, performance.now()]
        for (let n = 0; performance.now() < began + forSeconds * 1000; n = (n + 1) % BATCHES) {
          await client.query({ name: 'floor', text: INSERT, values: [...(batches[n] ?? []), size] })
          size += count
        }
        return ((size - from) / (performance.now() - began)) * 1000
      }
    },
    drop: async () => {
      await client.end()
      await asSuperuser(superuser, (admin) => admin.query(`drop database ${DATABASE} with (force)`))
    },
  }
}

async function asSuperuser(superuser: Connection, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(superuser)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

/** What stands in place of the leaf hashes, and the bodies. */
const batchOf = (from: number, count: number): readonly Buffer[] => [
  byteaArray(Array.from({ length: count }, () => randomBytes(HASH_BYTES))),
  byteaArray(Array.from({ length: count }, (_, n) => answeredBody(from + n))),
]
