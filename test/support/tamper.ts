import { randomBytes } from 'node:crypto'
import { utf8 } from '../../src/base/bytes.ts'
import { signedCheckpoint } from '../../src/log/checkpoint.ts'
import { EMPTY_FRONTIER, extend, frontierBytes } from '../../src/log/frontier.ts'
import { leafHash } from '../../src/log/leaf.ts'
import { type SignerKey, signerKey } from '../../src/log/note-key.ts'
import { decodeBundle, encodeBundle } from '../../src/log/tile.ts'
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

/** Another moment in an entry that is still one, with its leaf and the head made to match. */
export async function rewrite(fresh: Pick<FreshJournal, 'store' | 'sql'>, index: number): Promise<void> {
  const [entry] = await fresh.store.read(index, 1)
  const body = Buffer.from(
    Buffer.from(entry?.body ?? [])
      .toString()
      .replace(/"time":(\d+)/, (_, time: string) => `"time":${Number(time) + 1}`),
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

/** An archive's objects by their path, of which one or another is changed by whoever keeps them. */
export type Kept = Map<string, Uint8Array>

/** A bit in a byte of an object. */
export function flipByte(kept: Kept, path: string, at: number): void {
  const bytes = objectAt(kept, path)
  const place = at < 0 ? bytes.length + at : at
  kept.set(path, bytes.with(place, (bytes[place] ?? 0) ^ 1))
}

/** Another letter of base64 there, counted from the end: what a bit makes of a letter may be none. */
export function otherLetter(kept: Kept, path: string, at: number): void {
  const bytes = objectAt(kept, path)
  const place = bytes.length + at
  kept.set(path, bytes.with(place, bytes[place] === 0x41 ? 0x42 : 0x41))
}

/** Entry `at` of a bundle with other words, its length kept. */
export function reword(kept: Kept, path: string, at: number, from: string, to: string): void {
  const entries = bundleAt(kept, path)
  const body = Buffer.from(
    Buffer.from(entries[at] ?? [])
      .toString()
      .replace(from, to),
  )
  kept.set(path, encodeBundle(entries.with(at, body)))
}

export function swapInBundle(kept: Kept, path: string, a: number, b: number): void {
  const entries = bundleAt(kept, path)
  kept.set(path, encodeBundle(entries.with(a, entries[b] ?? new Uint8Array()).with(b, entries[a] ?? new Uint8Array())))
}

/** A bundle without its entry `at`, and one more at its end where there is another to put there. */
export function dropFromBundle(kept: Kept, path: string, at: number, inItsStead: Uint8Array | null): void {
  const entries = bundleAt(kept, path).filter((_, i) => i !== at)
  kept.set(path, encodeBundle(inItsStead ? [...entries, inItsStead] : entries))
}

/** A checkpoint of this size and root by that key, in place of the one that stands. */
export const resign = (kept: Kept, by: SignerKey, size: number, root: Uint8Array): void => void kept.set('checkpoint', utf8(signedCheckpoint(by, size, root)))

export const bundleAt = (kept: Kept, path: string): readonly Uint8Array[] => decodeBundle(objectAt(kept, path)) ?? []

function objectAt(kept: Kept, path: string): Uint8Array {
  const bytes = kept.get(path)
  if (!bytes) throw new Error(`there is no ${path} to tamper with`)
  return new Uint8Array(bytes)
}
