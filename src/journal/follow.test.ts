import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { cutTo, drop, flipBody, flipLeaf, forge, rewrite, squeeze, swap } from '../../test/support/tamper.ts'
import { signedCheckpoint } from '../log/checkpoint.ts'
import { EMPTY_FRONTIER, extend } from '../log/frontier.ts'
import { followJournal } from './follow.ts'
import { parseRecorded } from './recorded.ts'

let fresh: FreshJournal
beforeEach(async () => {
  fresh = await freshJournal()
})
afterEach(() => fresh.close())

const follow = () => followJournal({ store: fresh.store, vkey: fresh.key })

describe('followJournal', () => {
  it('gives entries only once a checkpoint covers them, each once, in order', async () => {
    const follower = follow()
    expect(await follower.advance()).toEqual([])
    await fresh.fill(3)
    expect(await follower.advance()).toEqual([])
    await fresh.sign()
    await fresh.fill(2)
    const verified = await follower.advance()
    expect(verified.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(parseRecorded(verified[1]?.body ?? new Uint8Array())).toEqual({
      v: 2,
      at: '2026-09-01T00:00:00.000Z',
      node: 'test',
      kind: 'ask.answered',
      outcome: 'done',
      session: 'ses-1',
      operation: 'getShipmentSummary',
      detail: { n: 1 },
    })
    expect(await follower.advance()).toEqual([])
    await fresh.sign()
    expect((await follower.advance()).map(({ index }) => index)).toEqual([3, 4])
    expect(follower.tree().size).toBe(5)
  })

  it('takes a long journal in steps, past a checkpoint that is farther than one', async () => {
    for (const count of [10, 4000, 4097, 5]) {
      for (let left = count; left > 0; left -= 2000) await fresh.fill(Math.min(left, 2000))
      await fresh.sign()
    }
    const follower = follow()
    const steps: number[] = []
    for (let step = await follower.advance(); step.length > 0; step = await follower.advance()) steps.push(step.length)
    expect(steps).toEqual([4010, 4097, 5])
  })

  const BREACHES: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    ['a body was altered', () => flipBody(fresh, 7), 'entry 7 does not match its leaf hash: its body or its hash was altered'],
    ['a leaf was altered', () => flipLeaf(fresh, 7), 'entry 7 does not match its leaf hash: its body or its hash was altered'],
    ['an entry was rewritten, leaf and head to match', () => rewrite(fresh, 7), 'entries 5 to 9 are not those that were signed'],
    ['entries were swapped', () => swap(fresh, 6, 7), 'entries 5 to 9 are not those that were signed'],
    ['an entry is gone, head to match', () => squeeze(fresh, 7), '10 entries were signed, but only 9 are there: entries are gone'],
    ['there is a gap', () => drop(fresh, 7), 'entry 7 is missing'],
    ['the checkpoint is of another key', () => forge(fresh, 10), 'the checkpoint of size 10 does not carry the signature of gatehouse.test/log'],
    ['the checkpoint is over another tree', () => forge(fresh, 10, fresh.key), 'entries 5 to 9 are not those that were signed'],
    [
      'what was verified is gone',
      () => cutTo(fresh, 4).then(() => fresh.sql('delete from journal_checkpoint')),
      'the journal has 4 entries, but 5 were verified: entries are gone',
    ],
  ]
  it.each(BREACHES)('gives nothing and throws, then and ever after, when %s', async (_, breach, message) => {
    await fresh.fill(5)
    await fresh.sign()
    const follower = follow()
    expect((await follower.advance()).length).toBe(5)
    await fresh.fill(5)
    await fresh.sign()
    await breach()
    await expect(follower.advance()).rejects.toMatchObject({ code: 'journal_broken', message })
    await expect(follower.advance()).rejects.toMatchObject({ code: 'journal_broken', message })
    expect(follower.tree().size).toBe(5)
  })

  it('throws on a signed entry that nobody of ours could have written', async () => {
    await fresh.fill(1)
    const foreign = Buffer.from('{"kind":"ask.answered"}')
    const { leafHash } = await import('../log/leaf.ts')
    await fresh.sql('update journal_entry set body = $1, leaf = $2', [foreign, leafHash(foreign)])
    await fresh.sql('update journal_head set frontier = $1', [leafHash(foreign)])
    await expect(fresh.sign()).rejects.toMatchObject({ message: 'entry 0 is not one that this version could have written' })
    // One that was signed all the same, by a signer that did not look.
    await fresh.sql('insert into journal_checkpoint (size, note) values (1, $1)', [signedCheckpoint(fresh.key, 1, leafHash(foreign))])
    await expect(follow().advance()).rejects.toMatchObject({ message: 'entry 0 is not one that this version could have written' })
  })

  it('goes on from where it ended, and throws when that is not what was signed', async () => {
    await fresh.fill(5)
    await fresh.sign()
    const first = follow()
    await first.advance()
    await fresh.fill(5)
    await fresh.sign()
    const later = followJournal({ store: fresh.store, vkey: fresh.key, start: first.tree() })
    expect((await later.advance()).map(({ index }) => index)).toEqual([5, 6, 7, 8, 9])
    const elsewhere = extend(
      EMPTY_FRONTIER,
      Array.from({ length: 5 }, () => new Uint8Array(32)),
    )
    await expect(followJournal({ store: fresh.store, vkey: fresh.key, start: elsewhere }).advance()).rejects.toMatchObject({
      code: 'journal_broken',
      message: 'entries 5 to 9 are not those that were signed',
    })
  })

  it('takes a lost connection for no verdict', async () => {
    await fresh.fill(3)
    await fresh.sign()
    let down = true
    const follower = followJournal({
      store: { ...fresh.store, read: (from, limit) => (down ? Promise.reject(new Error('down')) : fresh.store.read(from, limit)) },
      vkey: fresh.key,
    })
    await expect(follower.advance()).rejects.toThrow('down')
    down = false
    expect((await follower.advance()).length).toBe(3)
  })
})
