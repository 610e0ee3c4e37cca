import { randomBytes } from 'node:crypto'
import { signedCheckpoint } from '../../src/log/checkpoint.ts'
import { EMPTY_FRONTIER, extend, frontierBytes } from '../../src/log/frontier.ts'
import { leafHash } from '../../src/log/leaf.ts'
import { type SignerKey, signerKey } from '../../src/log/note-key.ts'
import type { FreshJournal } from './journal.ts'

type Sql = Pick<FreshJournal, 'sql'>

/** What an administrator of the database may do to a journal. Each is done through SQL alone, as they would. */
export const flipBody = ({ sql }: Sql, index: number) =>
  sql('update journal_entry set body = set_byte(body, 5, get_byte(body, 5) # 1) where index = $1', [index])
export const flipLeaf = ({ sql }: Sql, index: number) =>
  sql('update journal_entry set leaf = set_byte(leaf, 5, get_byte(leaf, 5) # 1) where index = $1', [index])
export const flipHead = ({ sql }: Sql) => sql('update journal_head set frontier = set_byte(frontier, 5, get_byte(frontier, 5) # 1)')
export const drop = ({ sql }: Sql, first: number, last = first) => sql('delete from journal_entry where index between $1 and $2', [first, last])

export async function swap({ sql }: Sql, a: number, b: number): Promise<void> {
  await sql('update journal_entry set index = -1 where index = $1', [a])
  await sql('update journal_entry set index = $1 where index = $2', [a, b])
  await sql('update journal_entry set index = $1 where index = -1', [b])
}

/** Takes an entry out and closes the gap; the head is made to match. */
export async function squeeze(fresh: FreshJournal, index: number): Promise<void> {
  const entries = await fresh.store.read(0, 10_000)
  await fresh.sql('delete from journal_entry where index >= $1', [index])
  const kept = entries.filter((entry) => entry.index !== index)
  for (const [i, { leaf, body }] of kept.entries())
    if (i >= index) await fresh.sql('insert into journal_entry (index, leaf, body) values ($1, $2, $3)', [i, leaf, body])
  await matchHead(fresh)
}

/** Cuts the journal back to its first entries; the head is made to match. */
export async function cutTo(fresh: FreshJournal, size: number): Promise<void> {
  await fresh.sql('delete from journal_entry where index >= $1', [size])
  await matchHead(fresh)
}

/** Other words in an entry, with its leaf and the head made to match. */
export async function rewrite(fresh: Pick<FreshJournal, 'store' | 'sql'>, index: number): Promise<void> {
  const [entry] = await fresh.store.read(index, 1)
  const body = Buffer.from(
    Buffer.from(entry?.body ?? [])
      .toString()
      .replace('ask.answered', 'house.started'),
  )
  await fresh.sql('update journal_entry set body = $1, leaf = $2 where index = $3', [body, leafHash(body), index])
  await matchHead(fresh)
}

/** A checkpoint of this size over any root at all, by a key of the right name or by the one given. */
export async function forge({ sql }: Sql, size: number, by?: SignerKey): Promise<void> {
  const key = by ?? signerKey('gatehouse.test/log', randomBytes(32))
  const note = signedCheckpoint(key, size, randomBytes(32))
  await sql('insert into journal_checkpoint (size, note) values ($1, $2) on conflict (size) do update set note = excluded.note', [size, note])
}

async function matchHead(fresh: Pick<FreshJournal, 'store' | 'sql'>): Promise<void> {
  const entries = await fresh.store.read(0, 10_000)
  const tree = extend(
    EMPTY_FRONTIER,
    entries.map(({ leaf }) => leaf),
  )
  await fresh.sql('update journal_head set size = $1, frontier = $2', [tree.size, frontierBytes(tree)])
}
