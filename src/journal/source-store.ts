import { sameBytes } from '../base/bytes.ts'
import { frontierBytes } from '../log/frontier.ts'
import type { EntryStore, Head } from './entry-store.ts'
import type { LogSource, SourcePage } from './source.ts'

const PAGE_ENTRIES = 1024

/** The journal's own table as a source. `name`: what sentences call it; `prunedSize`: entries below it are read from behind the table (`cold.ts`). */
export function storeSource(
  store: Pick<EntryStore, 'head' | 'read' | 'latestCheckpoint' | 'checkpoints'>,
  { name = 'the database', prunedSize = () => Promise.resolve(0) }: { readonly name?: string; readonly prunedSize?: () => Promise<number> } = {},
): LogSource {
  let head: Head | null = null
  let pruned = 0

  async function* pages(from: number, to: number): AsyncGenerator<SourcePage> {
    let next = from < to ? store.read(from, Math.min(PAGE_ENTRIES, to - from)) : null
    for (let index = from; next; ) {
      const entries = await next
      const last = entries.at(-1)
      if (!last) return yield { entries, fault: `the head names ${to} entries, but there is none from ${index} on` }
      index = last.index + 1
      // One page ahead, while this one is worked on. Who asks no more does not wait for it.
      next = index < to ? store.read(index, Math.min(PAGE_ENTRIES, to - index)) : null
      next?.catch(() => undefined)
      yield { entries, fault: null }
    }
  }

  return {
    name,
    claim: async () => {
      const newest = await store.latestCheckpoint()
      // In this order: what says that entries left is there before they leave.
      pruned = await prunedSize()
      head = await store.head()
      return { size: head.size, newest, pruned, lacking: null, fault: null }
    },
    pages,
    checkpoints: store.checkpoints,
    tiles: null,
    loose: async (tree, _from, faults) => {
      if (!head) throw new Error('a source is asked what it has before what is loose')
      const [first] = await store.read(Number.MIN_SAFE_INTEGER, 1)
      if (first && first.index < 0) faults.add(`entry ${first.index} lies before the first`)
      else if (first && first.index < pruned) faults.add(`entry ${first.index} lies before entry ${pruned}, where the table begins`)
      if (tree.size !== head.size) return
      if (!sameBytes(frontierBytes(tree), head.frontier)) faults.add(`the head's hashes are not those of the ${head.size} entries it names`)
      const [beyond] = await store.read(head.size, 1)
      if (beyond && (await store.head()).size <= beyond.index) faults.add(`entry ${beyond.index} lies beyond the head, which names ${head.size} entries`)
    },
  }
}
