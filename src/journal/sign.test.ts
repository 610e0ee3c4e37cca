import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal, poolOf } from '../../test/support/journal.ts'
import { cutTo, drop, flipBody, flipHead, flipLeaf, forge, rewrite, swap } from '../../test/support/tamper.ts'
import { utf8 } from '../base/bytes.ts'
import { canonical } from '../base/canonical.ts'
import { openCheckpoint } from '../log/checkpoint.ts'
import { leafHash } from '../log/leaf.ts'
import { Fault } from '../model/fault.ts'
import { journalStore } from '../store/journal-store.ts'
import { groupCommit } from './commit.ts'
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

describe('signCheckpoint and entries from before there were events', () => {
  const OLD = utf8(canonical({ v: 1, at: '2026-09-01T00:00:00.000Z', node: 'test', kind: 'ask.answered', outcome: 'done' }))
  const late = (index: number, event: number) =>
    `entry ${index} is spelled as before there were events, and comes after entry ${event}: nothing writes such entries any more`

  /** Appends what no version writes any more, with leaf and head as they should be. */
  async function append(count: number): Promise<void> {
    const { commit, drain } = groupCommit({ store: fresh.store, writer: 'old' })
    for (let n = 0; n < count; n++) await commit(OLD)
    await drain()
  }

  /** What signing comes to when it throws, and what was signed all the same. */
  async function refused() {
    const [before, notes] = [await fresh.state.load(), await noteCount()]
    const fault = await fresh.sign().then(
      () => null,
      (cause: unknown) => (cause instanceof Fault ? cause : null),
    )
    return { code: fault?.code, message: fault?.message, remembered: isDeepStrictEqual(await fresh.state.load(), before), notes: (await noteCount()) - notes }
  }
  const nothingSigned = (message: string) => ({ code: 'journal_broken', message, remembered: true, notes: 0 })

  it('signs them where no event came before, however the log is cut into checkpoints, and events after them', async () => {
    for (const [old, events] of [
      [3, 0],
      [1, 0],
      [2, 2],
      [0, 3],
    ] as const) {
      await append(old)
      await fresh.fill(events)
      expect(await fresh.sign()).not.toBeNull()
    }
    expect(await verifyJournal({ store: fresh.store, vkey: fresh.key, remembered: await fresh.state.load() })).toMatchObject({
      ok: true,
      size: 11,
      checkpoints: 4,
    })
  })

  it('signs none after an event that it is about to sign with it, wherever the two stand in its pages', async () => {
    await append(2)
    await fresh.fill(1)
    await append(1)
    expect(await refused()).toEqual(nothingSigned(late(3, 2)))
    await cutTo(fresh, 3)
    await fresh.fill(600)
    await append(1)
    expect(await refused()).toEqual(nothingSigned(late(603, 2)))
  })

  it.each([1, 2, 3, 6, 8, 520])('signs none after %i entries that it signed, of which the last is an event', async (size) => {
    await append(size - 1)
    await fresh.fill(1)
    await fresh.sign()
    await append(2)
    expect(await refused()).toEqual(nothingSigned(late(size, size - 1)))
  })

  it('signs none after an event below a checkpoint, when its memory is gone or younger', async () => {
    await fresh.fill(3)
    await fresh.sign()
    const young = await fresh.state.load()
    await fresh.fill(2)
    await fresh.sign()
    await append(1)
    if (young) await fresh.state.save(young)
    expect(await refused()).toEqual(nothingSigned(late(5, 3)))
    rmSync(join(fresh.folder, 'signer.state'))
    expect(await refused()).toEqual(nothingSigned(late(5, 0)))
  })

  it.each([1, 2, 3, 8])('takes no word of the database for how the last of %i entries is spelled', async (size) => {
    await fresh.fill(size)
    await fresh.sign()
    await append(1)
    await fresh.sql('update journal_entry set body = $1, leaf = $2 where index = $3', [OLD, leafHash(OLD), size - 1])
    expect(await refused()).toEqual(nothingSigned(`the entries below ${size} are not those that were signed`))
    await drop(fresh, size - 1)
    expect(await refused()).toEqual(nothingSigned(`entry ${size - 1} is missing`))
  })

  it('reads nothing again that it signed, as long as events come', async () => {
    await append(4)
    await fresh.fill(4)
    await fresh.sign()
    await fresh.fill(4)
    const asked: number[] = []
    const pool = poolOf(fresh.roleUrl('sign'))
    const store = journalStore({ pool })
    const read = (from: number, limit: number) => {
      asked.push(from)
      return store.read(from, limit)
    }
    try {
      expect(await signCheckpoint({ store: { ...store, read }, signer: fileSigner(fresh.key), state: fresh.state })).toMatchObject({ size: 12 })
    } finally {
      await pool.end()
    }
    expect(asked).toEqual([8])
  })
})
