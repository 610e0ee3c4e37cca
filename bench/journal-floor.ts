import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Payload } from '../src/journal/entry-store.ts'
import { HASH_BYTES } from '../src/log/leaf.ts'
import { byteaArray } from '../src/store/bytea-array.ts'
import type { Connection } from '../src/store/cluster/cluster.ts'
import { bodyOf, type Kind, PER_SECOND_MAX } from './journal-asks.ts'

/** The least that has to be done for entries to be durable, on the same server as the journal: what no journal on it can pass by one statement at a time. */
export type Floor = {
  /** Makes batches of `count` entries. What it gives inserts them for so many seconds, each once the last is durable, and says how many entries a second. */
  readonly of: (kind: Kind, count: number) => (forSeconds: number) => Promise<number>
  readonly drop: () => Promise<void>
}

const DATABASE = 'floor'
/** Made before the clock runs, then inserted in turn, each time at new places; the ciphertexts beside them are new each time. */
const BATCHES = 16

const ENTRIES = `
insert into floor (index, leaf, body)
select $1::bigint + entry.place - 1, entry.leaf, entry.body
from unnest($2::bytea[], $3::bytea[]) with ordinality as entry (leaf, body, place)`
const BOTH = `
with entries as (${ENTRIES}
)
insert into floor_beside (index, key_ids, class, ciphertext)
select $1::bigint + one.at, one.key_ids, one.class, one.ciphertext
from unnest($4::int[], $5::text[], $6::text[], $7::bytea[]) as one (at, key_ids, class, ciphertext)`

/** Two plain tables in a database of its own, for entries and ciphertexts, and one connection to it whose commits wait for the disk. */
export async function openFloor(superuser: Connection): Promise<Floor> {
  await asSuperuser(superuser, (client) => client.query(`create database ${DATABASE}`))
  const client = new pg.Client({ ...superuser, database: DATABASE })
  await client.connect()
  await client.query('set synchronous_commit = on')
  await client.query('create table floor (index bigint primary key, leaf bytea not null, body bytea not null)')
  await client.query('create table floor_beside (index bigint primary key, key_ids text not null, class text not null, ciphertext bytea not null)')
  let size = 0
  return {
    of: (kind, count) => {
      const batches = Array.from({ length: BATCHES }, () => entriesOf(kind, count))
      const insert = kind.sealed ? { name: 'floor_both', text: BOTH } : { name: 'floor', text: ENTRIES }
      return async (forSeconds) => {
        const beside = kind.sealed ? ciphertextsOf(kind, count, Math.ceil((forSeconds * PER_SECOND_MAX) / count)) : () => []
        const [from, began] = [size, performance.now()]
        for (let n = 0; performance.now() < began + forSeconds * 1000; n++) {
          await client.query({ ...insert, values: [size, ...(batches[n % BATCHES] ?? []), ...beside(n)] })
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
function entriesOf(kind: Kind, count: number): readonly Buffer[] {
  const asked = kind.made(count)
  const of = (one: (n: number) => Uint8Array): Buffer => byteaArray(Array.from({ length: count }, (_, n) => one(n)))
  return [of(() => randomBytes(HASH_BYTES)), of((n) => bodyOf(asked(n)))]
}

/** The columns of `count` ciphertexts a batch; throws where it is asked for more batches than were made. */
function ciphertextsOf(kind: Kind, count: number, batches: number): (n: number) => readonly unknown[] {
  const asked = kind.made(batches * count)
  const made = Array.from({ length: batches }, () => {
    const payloads = Array.from({ length: count }, (_, n) => asked(n).payload).filter((payload) => payload !== undefined)
    const bytes = (of: (payload: Payload) => Uint8Array): Buffer => byteaArray(payloads.map(of))
    return [payloads.map((_, at) => at), payloads.map(({ keyIds }) => keyIds.join('+')), payloads.map((one) => one.class), bytes((one) => one.ciphertext)]
  })
  return (n) => {
    const batch = made[n]
    if (batch === undefined) throw new Error(`only ${batches} batches of ciphertexts were made before the clock ran`)
    return batch
  }
}
