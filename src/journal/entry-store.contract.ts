import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { extend, frontierBytes, parseFrontier } from '../log/frontier.ts'
import { leafHash } from '../log/leaf.ts'
import type { Batch, EntryStore } from './entry-store.ts'

/** Two stores over the same, empty log, as two processes would have them. */
export type Opened = { readonly store: EntryStore; readonly other: EntryStore; readonly close: () => Promise<void> }

/** What `entry-store.ts` promises, asked of an implementation. */
export function entryStoreContract(open: () => Promise<Opened>): void {
  describe('as an entry store', () => {
    let opened: Opened
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.close())

    const IDLE_MS = 300
    const bytesOf = (text: string): Uint8Array => Buffer.from(text)

    /** The batch that would follow what is there now. */
    async function nextBatch(store: EntryStore, entries: readonly (string | Uint8Array)[]): Promise<Batch> {
      const head = await store.head()
      const bodies = entries.map((one) => (typeof one === 'string' ? utf8(one) : one))
      const leaves = bodies.map(leafHash)
      const tree = parseFrontier(head.frontier, head.size)
      if (!tree) throw new Error('the head is not one')
      return {
        expectedSize: head.size,
        expectedFrontier: head.frontier,
        epoch: head.epoch,
        more: false,
        bodies,
        payloads: [],
        leaves,
        frontier: frontierBytes(extend(tree, leaves)),
      }
    }

    it('begins empty, and has nothing to read', async () => {
      const head = await opened.store.head()
      expect({ size: head.size, bytes: head.frontier.length }).toEqual({ size: 0, bytes: 0 })
      expect(await opened.store.read(0, 10)).toEqual([])
      expect(await opened.store.latestCheckpoint()).toBeNull()
      expect(await opened.store.checkpoints(0, 10)).toEqual([])
    })

    it('keeps a batch in order under the head it came with, seen by everyone at once', async () => {
      const batch = await nextBatch(opened.store, ['zero', 'one', 'two'])
      expect(await opened.store.append(batch)).toBe('appended')
      const head = await opened.other.head()
      expect(head.size).toBe(3)
      expect([...head.frontier]).toEqual([...batch.frontier])
      const read = await opened.other.read(0, 10)
      expect(read.map(({ index, body }) => `${index} ${Buffer.from(body).toString()}`)).toEqual(['0 zero', '1 one', '2 two'])
      expect(read.map(({ leaf }) => [...leaf])).toEqual(batch.leaves.map((leaf) => [...leaf]))
    })

    it('writes nothing of a batch for another size, larger or smaller', async () => {
      const batch = await nextBatch(opened.store, ['late'])
      for (const expectedSize of [0, batch.expectedSize - 1, batch.expectedSize + 1]) {
        expect(await opened.store.append({ ...batch, expectedSize })).toBe('moved')
        expect((await opened.store.head()).size).toBe(batch.expectedSize)
        expect(await opened.store.read(batch.expectedSize, 10)).toEqual([])
      }
    })

    it('writes nothing of a batch for other entries, as many as there are', async () => {
      const batch = await nextBatch(opened.store, ['of another journal'])
      for (const expectedFrontier of [batch.expectedFrontier.map((byte, i) => (i === 0 ? byte ^ 1 : byte)), batch.expectedFrontier.slice(32), batch.frontier]) {
        expect(await opened.store.append({ ...batch, expectedFrontier })).toBe('moved')
        expect((await opened.store.head()).size).toBe(batch.expectedSize)
        expect(await opened.store.read(batch.expectedSize, 10)).toEqual([])
      }
    })

    it('lets exactly one of those who race append, every time', async () => {
      for (let round = 0; round < 10; round++) {
        const batches = await Promise.all(
          Array.from({ length: 6 }, (_, i) => nextBatch(i % 2 ? opened.store : opened.other, [`${round}/${i}`, `${round}/${i}`])),
        )
        const before = await opened.store.head()
        const results = await Promise.all(batches.map((batch, i) => (i % 2 ? opened.store : opened.other).append(batch)))
        expect(results.toSorted()).toEqual(['appended', 'moved', 'moved', 'moved', 'moved', 'moved'])
        const winner = `${round}/${results.indexOf('appended')}`
        expect((await opened.store.read(before.size, 10)).map(({ body }) => Buffer.from(body).toString())).toEqual([winner, winner])
      }
    })

    it('gives the head to whoever takes it, and nothing more is appended in the epoch before', async () => {
      const before = await nextBatch(opened.store, ['of the epoch before'])
      const taken = await opened.other.take('other', IDLE_MS)
      expect(taken).toMatchObject({ size: before.expectedSize, epoch: before.epoch + 1 })
      expect(await opened.store.append(before)).toBe('moved')
      expect(await opened.store.read(before.expectedSize, 10)).toEqual([])
      expect(await opened.other.append(await nextBatch(opened.other, ['of this one']))).toBe('appended')
    })

    it('gives the head to nobody while one writes batch after batch, until that one yields to who waits', async () => {
      const going = { more: true }
      await opened.store.take('one', IDLE_MS)
      expect(await opened.store.append({ ...(await nextBatch(opened.store, ['first'])), ...going })).toBe('appended')
      expect(await opened.other.take('two', IDLE_MS)).toBeNull()
      expect(await opened.store.append({ ...(await nextBatch(opened.store, ['second'])), ...going })).toBe('yielded')
      expect(await opened.store.take('one', IDLE_MS)).toBeNull()
      expect(await opened.other.take('two', IDLE_MS)).toMatchObject({ size: (await opened.store.head()).size })
      expect(await opened.other.append({ ...(await nextBatch(opened.other, ['third'])), ...going })).toBe('appended')
      expect(await opened.store.take('one', IDLE_MS)).toBeNull()
      expect(await opened.other.append(await nextBatch(opened.other, ['last']))).toBe('yielded')
    })

    it('takes the head from one who holds it and does nothing', async () => {
      await opened.store.take('one', IDLE_MS)
      expect(await opened.other.take('two', IDLE_MS)).toBeNull()
      await new Promise((wake) => setTimeout(wake, IDLE_MS + 50))
      expect(await opened.other.take('three', IDLE_MS)).not.toBeNull()
      expect(await opened.other.append(await nextBatch(opened.other, ['after']))).toBe('appended')
    })

    it('keeps bytes as they are: empty, all values, and the longest entry', async () => {
      const bodies = [new Uint8Array(0), new Uint8Array(256).map((_, i) => i), new Uint8Array(65_535).fill(0x5c)]
      const batch = await nextBatch(opened.store, bodies)
      expect(await opened.store.append(batch)).toBe('appended')
      const read = await opened.store.read(batch.expectedSize, 10)
      expect(read.map(({ body }) => Buffer.from(body).toString('hex'))).toEqual(bodies.map((body) => Buffer.from(body).toString('hex')))
    })

    it('keeps a batch of 1,024', async () => {
      const batch = await nextBatch(
        opened.store,
        Array.from({ length: 1024 }, (_, i) => `entry ${i}`),
      )
      expect(await opened.store.append(batch)).toBe('appended')
      const read = await opened.store.read(batch.expectedSize, 2000)
      expect(read.map(({ index }) => index)).toEqual(Array.from({ length: 1024 }, (_, i) => batch.expectedSize + i))
      expect(Buffer.from(read.at(-1)?.body ?? []).toString()).toBe('entry 1023')
    })

    it('reads as many as asked, from where asked', async () => {
      expect((await opened.store.read(1, 2)).map(({ index }) => index)).toEqual([1, 2])
      expect(await opened.store.read(1_000_000, 2)).toEqual([])
    })

    it('keeps checkpoints ascending, the first of each size for good', async () => {
      for (const size of [9, 3, 200]) await opened.store.saveCheckpoint({ size, note: `note ${size}`, frontier: bytesOf(`frontier ${size}`) })
      await opened.other.saveCheckpoint({ size: 9, note: 'another', frontier: null })
      expect(await opened.other.latestCheckpoint()).toEqual({ size: 200, note: 'note 200', frontier: bytesOf('frontier 200') })
      expect(await opened.store.checkpoints(0, 2)).toEqual([
        { size: 3, note: 'note 3', frontier: bytesOf('frontier 3') },
        { size: 9, note: 'note 9', frontier: bytesOf('frontier 9') },
      ])
      expect(await opened.store.checkpoints(10, 2)).toEqual([{ size: 200, note: 'note 200', frontier: bytesOf('frontier 200') }])
    })
  })
}
