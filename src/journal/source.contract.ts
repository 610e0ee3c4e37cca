import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TILE_WIDTH } from '../log/tile.ts'
import type { LogSource, SourceEntry } from './source.ts'

/** A copy of a whole journal of these bodies, all of them signed. */
export type KeptLog = { readonly source: LogSource; readonly bodies: readonly Uint8Array[]; readonly close: () => Promise<void> }

/** What every `LogSource` promises. `open` gives a copy of over two bundles of entries. */
export function logSourceContract(name: string, open: () => Promise<KeptLog>): void {
  describe(`a log source: ${name}`, () => {
    let kept: KeptLog
    beforeAll(async () => {
      kept = await open()
    }, 60_000)
    afterAll(() => kept.close())

    const read = async (from: number, to: number): Promise<readonly SourceEntry[]> => {
      const found: SourceEntry[] = []
      for await (const { entries, fault } of kept.source.pages(from, to)) {
        expect({ fault, empty: entries.length === 0 }).toEqual({ fault: null, empty: false })
        found.push(...entries)
      }
      return found
    }
    const size = () => kept.bodies.length

    it('claims its size, and a checkpoint that is not beyond it, or says by how much', async () => {
      const { newest, pruned, lacking, ...claim } = await kept.source.claim()
      expect(claim).toEqual({ size: size(), fault: null })
      expect(pruned).toBeLessThan(size())
      expect(newest?.size).toBe(size() + (lacking ?? 0))
    })

    it.each([
      [0, 1],
      [0, TILE_WIDTH],
      [1, TILE_WIDTH + 1],
      [TILE_WIDTH - 1, TILE_WIDTH],
      [TILE_WIDTH, 2 * TILE_WIDTH],
      [300, 301],
      [7, 7],
    ])('gives entries %d to %d, and no others', async (from, to) => {
      await kept.source.claim()
      const entries = await read(from, to)
      expect(entries.map(({ index }) => index)).toEqual(Array.from({ length: to - from }, (_, i) => from + i))
      expect(entries.every(({ index, body }) => Buffer.compare(body, kept.bodies[index] ?? new Uint8Array()) === 0)).toBe(true)
    })

    it('gives all of them to the last, with the leaf hash where it keeps one', async () => {
      await kept.source.claim()
      const entries = await read(0, size())
      expect(entries.length).toBe(size())
      expect(entries.every(({ leaf }) => (leaf === null) === (kept.source.tiles !== null))).toBe(true)
    })

    it('says in a sentence that it has no more', async () => {
      await kept.source.claim()
      const faults: (string | null)[] = []
      for await (const page of kept.source.pages(0, size() + 600)) faults.push(page.fault)
      expect(faults.slice(0, -1).every((fault) => fault === null)).toBe(true)
      expect(faults.at(-1)).toMatch(/there is none from \d+ on|is missing: nothing from entry \d+ on can be verified/)
    })

    it('gives checkpoints from a size on, ascending, and none beyond', async () => {
      const { newest } = await kept.source.claim()
      const sizes = (await kept.source.checkpoints(0, 100)).map((checkpoint) => checkpoint.size)
      expect(sizes.at(-1)).toBe(newest?.size)
      expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
      expect(await kept.source.checkpoints((newest?.size ?? 0) + 1, 100)).toEqual([])
    })

    it('may be left in the middle of its pages', async () => {
      await kept.source.claim()
      for await (const { entries } of kept.source.pages(0, size())) {
        expect(entries[0]?.index).toBe(0)
        break
      }
      expect((await read(3, 4)).length).toBe(1)
    })
  })
}
