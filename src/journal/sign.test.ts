import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { cutTo, drop, flipBody, flipHead, flipLeaf, forge, rewrite, swap } from '../../test/support/tamper.ts'
import { openCheckpoint } from '../log/checkpoint.ts'
import { signCheckpoint } from './sign.ts'
import { fileSigner } from './signer.ts'
import { verifyJournal } from './verify.ts'

let fresh: FreshJournal
beforeEach(async () => {
  fresh = await freshJournal()
})
afterEach(() => fresh.close())

const noteCount = async () => (await fresh.store.checkpoints(0, 100)).length

describe('signCheckpoint', () => {
  it('signs what is new, once, each tree growing out of the last', async () => {
    expect(await fresh.sign()).toBeNull()
    for (const [count, size] of [
      [1, 1],
      [9, 10],
      [600, 610],
    ] as const) {
      await fresh.fill(count)
      const checkpoint = await fresh.sign()
      expect(openCheckpoint(checkpoint?.note ?? '', fresh.key)).toMatchObject({ origin: fresh.key.name, size })
      expect(await fresh.store.latestCheckpoint()).toEqual(checkpoint)
      expect(await fresh.sign()).toBeNull()
    }
    expect(await verifyJournal({ store: fresh.store, vkey: fresh.key, remembered: await fresh.state.load() })).toMatchObject({
      ok: true,
      checkpoints: 3,
      unsignedTail: 0,
    })
  })

  it('signs the same again after a crash between remembering and saving', async () => {
    await fresh.fill(5)
    const crashing = { ...fresh.store, saveCheckpoint: () => Promise.reject(new Error('crash')) }
    await expect(signCheckpoint({ store: crashing, signer: fileSigner(fresh.key), state: fresh.state })).rejects.toThrow('crash')
    expect(await noteCount()).toBe(0)
    expect((await fresh.state.load())?.size).toBe(5)
    expect(await fresh.sign()).toMatchObject({ size: 5 })
    expect(await fresh.sign()).toBeNull()
  })

  it('signs nothing that it could not first remember', async () => {
    await fresh.fill(5)
    const forgetful = { ...fresh.state, save: () => Promise.reject(new Error('disk full')) }
    await expect(signCheckpoint({ store: fresh.store, signer: fileSigner(fresh.key), state: forgetful })).rejects.toThrow('disk full')
    expect(await noteCount()).toBe(0)
  })

  it('goes on from the stored checkpoint when its memory is gone, after checking all below it', async () => {
    await fresh.fill(5)
    await fresh.sign()
    rmSync(join(fresh.folder, 'signer.state'))
    expect(await fresh.sign()).toBeNull()
    await fresh.fill(1)
    expect(await fresh.sign()).toMatchObject({ size: 6 })
  })

  const BREACHES: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    [
      'the journal was cut back, checkpoints and all',
      () => Promise.all([cutTo(fresh, 4), fresh.sql('delete from journal_checkpoint')]),
      'the journal has 4 entries, but 8 were signed: entries are gone',
    ],
    ['the journal went back below a checkpoint', () => cutTo(fresh, 4), 'the journal has 4 entries, but 8 were signed: entries are gone'],
    ['a new entry is missing', () => drop(fresh, 9), 'entry 9 is missing'],
    ['new entries are missing', () => drop(fresh, 9, 10), 'entries 9 to 10 are missing'],
    ['all new entries are missing', () => drop(fresh, 8, 12), 'the head names 12 entries, but there is none from 8 on'],
    ['a new body was altered', () => flipBody(fresh, 9), 'entry 9 does not match its leaf hash: its body or its hash was altered'],
    ['a new leaf was altered', () => flipLeaf(fresh, 9), 'entry 9 does not match its leaf hash: its body or its hash was altered'],
    ['new entries were swapped', () => swap(fresh, 9, 10), 'the head of 12 entries is not that of the entries'],
    ['the head was altered', () => flipHead(fresh), 'the head of 12 entries is not that of the entries'],
    ['an old entry was rewritten, leaf and head with it', () => rewrite(fresh, 3), 'the head of 12 entries is not that of the entries'],
    ['a checkpoint is of another key', () => forge(fresh, 8), 'the checkpoint of size 8 was not signed by this signer'],
    ['a later checkpoint is of another key', () => forge(fresh, 11), 'the checkpoint of size 11 was not signed by this signer'],
  ]
  it.each(BREACHES)('throws and signs nothing when %s', async (_, breach, message) => {
    await fresh.fill(8)
    await fresh.sign()
    await fresh.fill(4)
    await breach()
    const [before, notes] = [await fresh.state.load(), await noteCount()]
    await expect(fresh.sign()).rejects.toMatchObject({ code: 'journal_broken', message })
    expect(await fresh.state.load()).toEqual(before)
    expect(await noteCount()).toBe(notes)
  })

  it('throws when its memory is gone and the entries below the checkpoint are others, head and all', async () => {
    await fresh.fill(3)
    await fresh.sign()
    rmSync(join(fresh.folder, 'signer.state'))
    await rewrite(fresh, 1)
    await expect(fresh.sign()).rejects.toMatchObject({ code: 'journal_broken', message: 'the entries below 3 are not those that were signed' })
  })

  it('throws for a stored checkpoint of its own key over another tree of the size it remembers', async () => {
    await fresh.fill(3)
    await fresh.sign()
    await forge(fresh, 3, fresh.key)
    await expect(fresh.sign()).rejects.toMatchObject({ message: 'the checkpoint of size 3 is not the tree that was signed' })
  })
})
