import type { Frontier } from '../log/frontier.ts'
import type { ReadTile } from '../log/tile-proof.ts'
import type { StoredCheckpoint } from './entry-store.ts'
import type { FaultList } from './fault-list.ts'

/** An entry where the source says it stands. `leaf`: the hash that the source keeps beside it, where it keeps one. Nothing is verified. */
export type SourceEntry = { readonly index: number; readonly body: Uint8Array; readonly leaf: Uint8Array | null }

/** The next entries; or, at the end, why there are none where there should be, in a sentence. Never both empty. */
export type SourcePage = { readonly entries: readonly SourceEntry[]; readonly fault: string | null }

/**
 * How many entries a source says it has, and its newest checkpoint; `fault` where what should say so cannot be read. `pruned`: entries below this have left it, and come
 * from an archive behind it. `lacking`: of a copy under lock, which has full bundles alone, the entries that its newest checkpoint covers beyond `size`; null for any other.
 * `doubt`: why it may be another kind of copy than it looks, in a sentence; left out where there is none. Nothing is verified.
 */
export type Claim = {
  readonly size: number
  readonly newest: StoredCheckpoint | null
  readonly pruned: number
  readonly lacking: number | null
  readonly fault: string | null
  readonly doubt?: string
}

/**
 * A copy of the journal to be verified, whoever keeps it and however: a port, kept by `source-store.ts` (the database) and `source-tiles.ts`
 * (folder, HTTP, bucket); `source.contract.ts` tests whoever keeps it.
 *
 * Trust. None: whoever keeps the source may answer anything, and each answer differently. Memory. No call holds more than a page or two.
 * Growth. Others may append, sign and publish meanwhile. `claim` reads the checkpoint before the size, so what is signed then is within it.
 * Errors. Only what cannot be reached or asked rejects (a `Fault`, where a person should do something); what is there and wrong is told in a sentence.
 */
export type LogSource = {
  /** What a sentence calls it: `the database`, `the folder \`x\``. */
  readonly name: string
  readonly claim: () => Promise<Claim>
  /** Entries `from` to `to` (exclusive), ascending, in pages. Whether they are dense is for the reader to see. A page with a fault is the last. */
  readonly pages: (from: number, to: number) => AsyncGenerator<SourcePage>
  /** Up to `limit` checkpoints from size `from` on, ascending by size. */
  readonly checkpoints: (from: number, limit: number) => Promise<readonly StoredCheckpoint[]>
  /** Tiles of hashes, where it keeps some. */
  readonly tiles: ReadTile | null
  /** What it keeps beside entries, checkpoints and tiles that does not fit the tree of what was claimed, as faults. `from`: the first entry that was read. */
  readonly loose: (tree: Frontier, from: number, faults: FaultList) => Promise<void>
}
