import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import type { Outcome } from '../base/outcome.ts'
import { CHECKPOINT, LIST_PAGE, type Objects } from './objects.ts'
import type { ArchiveRefusal } from './refusal.ts'

/** Two keepers of the same, empty archive, as two processes would have them. */
export type OpenedObjects = { readonly objects: Objects; readonly other: Objects; readonly close: () => Promise<void> }

/** The value, or a failure of the test that says what was refused. */
export function valueOf<T>(outcome: Outcome<T, ArchiveRefusal>): T {
  if (!outcome.ok) throw new Error(`${outcome.refusal.code}: ${outcome.refusal.detail}; ${outcome.refusal.next}`)
  return outcome.value
}

const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString())

/** What `objects.ts` promises, asked of an implementation. */
export function objectsContract(open: () => Promise<OpenedObjects>): void {
  describe('as objects', () => {
    let opened: OpenedObjects
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.close())

    const put = async (path: string, bytes: string | Uint8Array) => opened.objects.put(path, typeof bytes === 'string' ? utf8(bytes) : bytes)
    const read = async (path: string) => text(valueOf(await opened.other.get(path)))

    it('has nothing at first, and says so without a refusal', async () => {
      expect(await read('tile/0/000')).toBeNull()
      expect(await read(CHECKPOINT)).toBeNull()
      expect(valueOf(await opened.objects.list('', ''))).toEqual([])
      expect(valueOf(await opened.objects.removePartial('tile/0/000.p/1'))).toBeNull()
    })

    it('keeps bytes as they are: empty, all values, and a full bundle of the longest entries', async () => {
      const all = new Uint8Array(256).map((_, i) => i)
      const long = new Uint8Array(256 * 65_537).map((_, i) => i % 251)
      for (const [i, bytes] of [new Uint8Array(0), all, long].entries()) {
        expect(valueOf(await put(`tile/entries/x001/00${i}`, bytes))).toBe('written')
        const kept = valueOf(await opened.other.get(`tile/entries/x001/00${i}`))
        expect(Buffer.compare(kept ?? utf8('nothing'), bytes)).toBe(0)
      }
    })

    it('takes the same bytes again as standing, and turns back others without changing what stands', async () => {
      expect(valueOf(await put('tile/0/001', 'first'))).toBe('written')
      expect(valueOf(await put('tile/0/001', 'first'))).toBe('stood')
      for (const other of ['other', 'firs', 'first.', ''])
        expect(await opened.other.put('tile/0/001', utf8(other))).toMatchObject({
          ok: false,
          refusal: { code: 'conflict', detail: 'other bytes stand at `tile/0/001`, which never changes once written' },
        })
      expect(await read('tile/0/001')).toBe('first')
    })

    it('lets one of those who race with other bytes win, every time', async () => {
      for (let round = 0; round < 5; round++) {
        const path = `tile/0/x00${round}/000`
        const tries = await Promise.all(Array.from({ length: 6 }, (_, i) => (i % 2 ? opened.objects : opened.other).put(path, utf8(`writer ${i}`))))
        expect(tries.map((one) => (one.ok ? one.value : one.refusal.code)).toSorted()).toEqual([...Array<string>(5).fill('conflict'), 'written'])
        expect(await read(path)).toBe(`writer ${tries.findIndex(({ ok }) => ok)}`)
      }
    })

    it('lets all of those who race with the same bytes through, once as written', async () => {
      const tries = await Promise.all(Array.from({ length: 6 }, (_, i) => (i % 2 ? opened.objects : opened.other).put('tile/1/000', utf8('same'))))
      expect(tries.map(valueOf).toSorted()).toEqual([...Array<string>(5).fill('stood'), 'written'])
    })

    it('replaces the checkpoint, and never shows a reader a part of it', async () => {
      const notes = Array.from({ length: 12 }, (_, i) => String.fromCharCode(97 + i).repeat(200_000 - i * 10_000))
      const seen = new Set<string | null>()
      const writing = (async () => {
        for (const note of notes) valueOf(await put(CHECKPOINT, note))
        return 'done' as const
      })()
      while ((await Promise.race([writing, read(CHECKPOINT).then((note) => (seen.add(note), 'read' as const))])) !== 'done');
      expect(await read(CHECKPOINT)).toBe(notes.at(-1))
      for (const note of seen) expect([null, ...notes].includes(note)).toBe(true)
    })

    it('lists by prefix in order of characters, what stands in folders and beside them', async () => {
      for (const path of ['list/a/1', 'list/a.p/2', 'list/a.p/10', 'list/b', 'list/x001/000', 'list/x001/001.p/3']) valueOf(await put(path, path))
      const under = async (prefix: string, after = '') => valueOf(await opened.other.list(prefix, after))
      expect(await under('list/')).toEqual(['list/a.p/10', 'list/a.p/2', 'list/a/1', 'list/b', 'list/x001/000', 'list/x001/001.p/3'])
      expect(await under('list/a')).toEqual(['list/a.p/10', 'list/a.p/2', 'list/a/1'])
      expect(await under('list/x001/001.p/')).toEqual(['list/x001/001.p/3'])
      expect(await under('list/', 'list/a.p/2')).toEqual(['list/a/1', 'list/b', 'list/x001/000', 'list/x001/001.p/3'])
      expect(await under('list/', 'list/x001/000')).toEqual(['list/x001/001.p/3'])
      expect(await under('nothing/')).toEqual([])
    })

    it('lists a page at a time', async () => {
      const paths = Array.from({ length: LIST_PAGE + 1 }, (_, i) => `page/${String(i).padStart(4, '0')}`)
      for (let at = 0; at < paths.length; at += 32) await Promise.all(paths.slice(at, at + 32).map(async (path) => valueOf(await put(path, ''))))
      const first = valueOf(await opened.objects.list('page/', ''))
      expect(first).toEqual(paths.slice(0, LIST_PAGE))
      expect(valueOf(await opened.objects.list('page/', first.at(-1) ?? ''))).toEqual(paths.slice(LIST_PAGE))
    })

    it('removes a partial tile, beside others that stay, and can be asked again', async () => {
      for (const width of [1, 2]) valueOf(await put(`tile/0/900.p/${width}`, 'partial'))
      for (let twice = 0; twice < 2; twice++) valueOf(await opened.objects.removePartial('tile/0/900.p/1'))
      expect(valueOf(await opened.other.list('tile/0/900', ''))).toEqual(['tile/0/900.p/2'])
      valueOf(await opened.objects.removePartial('tile/0/900.p/2'))
      expect(valueOf(await opened.other.list('tile/0/900', ''))).toEqual([])
      expect(valueOf(await put('tile/0/900.p/1', 'again'))).toBe('written')
    })

    it.each(['tile/0/001', CHECKPOINT, 'tile/0/001.p/0', 'tile/0/001.p/', 'tile/../x.p/1'])('never removes `%s`: that is no partial tile', async (path) => {
      await expect((async () => opened.objects.removePartial(path))()).rejects.toThrow(/no partial tile|no path/)
      expect(await read('tile/0/001')).toBe('first')
    })

    it.each(['', '/tile', 'tile//0', '../checkpoint', 'tile/..', '.drafts/x', 'TILE/0', 'tile/0/001/', 'tile\\0', 'tile/0%2f'])(
      'throws on `%s`, which is no path',
      async (path) => {
        await expect((async () => opened.objects.put(path, utf8('x')))()).rejects.toThrow('no path of an archive')
        await expect((async () => opened.objects.get(path))()).rejects.toThrow('no path of an archive')
      },
    )
  })
}
