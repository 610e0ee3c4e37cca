import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { cutTo, drop, flipBody, flipHead, swap } from '../../test/support/tamper.ts'
import { checkTail } from './check-tail.ts'

let fresh: FreshJournal
beforeEach(async () => {
  fresh = await freshJournal()
  await fresh.fill(8)
  await fresh.sign()
  await fresh.fill(5)
})
afterEach(() => fresh.close())

describe('checkTail', () => {
  it('passes a journal whose head is that of its entries, and reads only what is not signed yet', async () => {
    const read: number[] = []
    const watched = { ...fresh.store, read: (from: number, limit: number) => (read.push(from), fresh.store.read(from, limit)) }
    await expect(checkTail(watched)).resolves.toBeUndefined()
    expect(read).toEqual([8])
  })

  it('reads everything where the checkpoint has no tree, or one that is not its own', async () => {
    for (const tree of ['null', String.raw`'\x00'`, String.raw`decode(repeat('ab', 32), 'hex')`]) {
      await fresh.sql(`update journal_checkpoint set frontier = ${tree}`)
      const read: number[] = []
      await checkTail({ ...fresh.store, read: (from, limit) => (read.push(from), fresh.store.read(from, limit)) })
      expect(read[0]).toBe(0)
    }
  })

  it('passes an empty one', async () => {
    const empty = await freshJournal()
    await expect(checkTail(empty.store)).resolves.toBeUndefined()
    await empty.close()
  })

  const BREACHES: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    ['an entry was lost', () => drop(fresh, 9), 'entry 9 is missing'],
    ['the last was lost', () => drop(fresh, 12), 'the head names 13 entries, but there is none from 12 on'],
    ['a body was torn', () => flipBody(fresh, 10), 'entry 10 does not match its leaf hash: its body or its hash was altered'],
    ['two were swapped', () => swap(fresh, 9, 10), 'the head of 13 entries is not that of the entries'],
    ['the head is another', () => flipHead(fresh), 'the head of 13 entries is not that of the entries'],
    ['it went back below what was signed', () => cutTo(fresh, 6), 'the journal has 6 entries, but 8 were signed: entries are gone'],
  ]
  it.each(BREACHES)('throws when %s', async (_title, breach, sentence) => {
    await breach()
    await expect(checkTail(fresh.store)).rejects.toMatchObject({ code: 'journal_broken', message: sentence })
  })
})
