import { describe, expect, it } from 'vitest'
import { drain, fingerprint, refusalOf, tilerOf } from '../../test/support/archive.ts'
import { smallObjects } from '../../test/support/small-objects.ts'
import { type SmallTable, smallTable } from '../../test/support/small-table.ts'
import { utf8 } from '../base/bytes.ts'
import { leafHash } from '../log/leaf.ts'
import type { Table } from './table.ts'
import { openTiler } from './tiler.ts'

describe('what does not fit is not published', () => {
  /** 300 entries published, 300 more signed. */
  async function half(): Promise<{ readonly table: SmallTable; readonly objects: ReturnType<typeof smallObjects> }> {
    const table = smallTable().append(300).sign()
    const objects = smallObjects()
    await drain(tilerOf(table, objects))
    return { table: table.append(300).sign(), objects }
  }

  const bend = (table: SmallTable, index: number, text: string): void => {
    table.entries[index] = { index, body: utf8(text), leaf: leafHash(utf8(text)) }
  }
  /** Another history by the same key: the first `kept` entries alike. */
  const fork = (table: SmallTable, kept: number, size: number): SmallTable =>
    smallTable(table.key)
      .append(kept)
      .append(size - kept, 'other')
      .sign()

  it.each<[string, (table: SmallTable) => Table, string]>([
    ['an altered new entry', (t) => (bend(t, 400, 'lie'), t), 'entries 300 to 599 in the table are not those that were signed'],
    [
      'an altered body',
      (t) => ((t.entries[400] = { index: 400, leaf: leafHash(utf8('truth')), body: utf8('lie') }), t),
      'entry 400 does not match its leaf hash: its body or its hash was altered',
    ],
    [
      'an altered entry of the last published tile',
      (t) => (bend(t, 280, 'lie'), t),
      'entry 280 in the table is not the one that was published: the journal was forked there',
    ],
    ['a missing entry', (t) => (t.entries.splice(400, 1), t), 'entry 400 is missing'],
    ['a missing tail', (t) => (t.entries.splice(500), t), '600 entries were signed, but the table has none from 500 on: entries are gone'],
    [
      'two entries swapped',
      (t) => {
        const [a, b] = [t.entries[400], t.entries[401]]
        bend(t, 400, Buffer.from(b?.body ?? []).toString())
        bend(t, 401, Buffer.from(a?.body ?? []).toString())
        return t
      },
      'entries 300 to 599 in the table are not those that were signed',
    ],
    [
      'a checkpoint by another key',
      (t) => (t.signed.push({ size: 600, note: smallTable().append(600).sign().signed[0]?.note ?? '' }), t),
      "the journal's checkpoint of size 600 does not carry the signature of gatehouse.test/log",
    ],
    [
      'a checkpoint that says another size',
      (t) => (t.signed.push({ size: 700, note: t.signed.at(-1)?.note ?? '' }), t),
      "the journal's checkpoint of size 700 does not carry the signature of gatehouse.test/log",
    ],
    ['an entry too long for a bundle', (t) => (bend(t, 599, 'x'.repeat(65_536)), t), 'entry 599 has 65536 bytes, more than a bundle can hold'],
    [
      'a table set back',
      (t) => (t.signed.pop(), t.signed.pop(), t.entries.splice(200), t.signed.push({ size: 200, note: '' }), t),
      "300 entries were published, but the journal's newest checkpoint is of 200: the database was set back",
    ],
    [
      'an emptied table',
      (t) => (t.signed.splice(0), t.entries.splice(0), t),
      "300 entries were published, but the journal's newest checkpoint is of 0: the database was set back",
    ],
    [
      'a fork in what was published, signed by the same key',
      (t) => fork(t, 100, 600),
      'entry 100 in the table is not the one that was published: the journal was forked there',
    ],
    ['a fork in the last published tile', (t) => fork(t, 290, 600), 'entry 290 in the table is not the one that was published: the journal was forked there'],
    [
      'a fork of the very size that was published',
      (t) => fork(t, 299, 300),
      'entry 299 in the table is not the one that was published: the journal was forked there',
    ],
    [
      'two signed trees of one size, the table like the published one',
      (t) => (t.signed.splice(0, 2, ...fork(t, 299, 300).signed), t),
      "two trees of 300 entries were signed: the journal's checkpoint of that size is not the one that was published",
    ],
  ])('%s', async (_, tamper, sentence) => {
    const { table, objects } = await half()
    const before = fingerprint(objects.store)
    const tiler = openTiler({ table: tamper(table), objects, vkey: table.key })
    expect(await refusalOf(tiler)).toBe(sentence)
    expect(fingerprint(objects.store)).toBe(before)
    // The verdict stays, whatever is mended behind its back.
    expect(await refusalOf(tiler)).toBe(sentence)
  })

  it('an entry changed between the two readings', async () => {
    const { table, objects } = await half()
    const before = fingerprint(objects.store)
    let reads = 0
    const changing: Table = {
      ...table,
      read: (from, limit) => {
        if (reads++ === 1) bend(table, 450, 'lie')
        return table.read(from, limit)
      },
    }
    expect(await refusalOf(openTiler({ table: changing, objects, vkey: table.key }))).toBe('entries 256 to 511 changed in the table while they were read')
    expect(fingerprint(objects.store)).toBe(before)
  })

  it.each<[string, (store: Map<string, Uint8Array>) => void, string]>([
    [
      'a checkpoint of another hand',
      (s) => s.set('checkpoint', utf8(smallTable().append(300).sign().signed[0]?.note ?? '')),
      "the archive's checkpoint does not carry the signature of gatehouse.test/log",
    ],
    ['a missing last tile', (s) => s.delete('tile/0/001.p/44'), "the archive's checkpoint names 300 entries, but its last tile of level 0 is gone"],
    [
      'a bit in the last tile',
      (s) =>
        s.set(
          'tile/0/001.p/44',
          (s.get('tile/0/001.p/44') ?? utf8('')).map((b, i) => (i === 40 ? b ^ 1 : b)),
        ),
      "the archive's last tiles do not make the root of its checkpoint of size 300",
    ],
    ['a last tile cut short', (s) => s.set('tile/1/000.p/1', new Uint8Array(31)), '`tile/1/000.p/1` has 31 bytes instead of 32'],
    [
      'other bytes where the next tile goes',
      (s) => s.set('tile/entries/001', utf8('squatter')),
      'conflict: other bytes stand at `tile/entries/001`, which never changes once written',
    ],
  ])('an archive with %s', async (_, tamper, sentence) => {
    const { table, objects } = await half()
    tamper(objects.store)
    const checkpoint = objects.store.get('checkpoint')
    expect(await refusalOf(tilerOf(table, objects))).toBe(sentence)
    expect(objects.store.get('checkpoint')).toEqual(checkpoint)
  })

  it('an archive whose checkpoint was set back while it ran', async () => {
    const { table, objects } = await half()
    const old = objects.store.get('checkpoint') ?? utf8('')
    const tiler = tilerOf(table, objects)
    await drain(tiler)
    objects.store.set('checkpoint', old)
    expect(await refusalOf(tiler)).toBe("the archive's checkpoint names 300 entries, but 600 were published: it was set back")
  })
})
