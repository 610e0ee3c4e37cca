import { valueOf } from '../../src/archive/objects.contract.ts'
import type { Objects } from '../../src/archive/objects.ts'
import { readPublished } from '../../src/archive/published.ts'
import { openTiler, type Tiler } from '../../src/archive/tiler.ts'
import { verifiedTiles } from '../../src/archive/verified-tiles.ts'
import { toHex } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/digest.ts'
import type { VerifierKey } from '../../src/log/note-key.ts'
import type { SmallTable } from './small-table.ts'

export async function drain(tiler: Tiler): Promise<void> {
  while (valueOf(await tiler.advance()) !== null);
}

export const tilerOf = (table: SmallTable, objects: Objects): Tiler => openTiler({ table, objects, vkey: table.key })

export async function refusalOf(tiler: Tiler): Promise<string> {
  for (;;) {
    const outcome = await tiler.advance()
    if (!outcome.ok) return outcome.refusal.code === 'broken' ? outcome.refusal.detail : `${outcome.refusal.code}: ${outcome.refusal.detail}`
    if (outcome.value === null) return 'nothing was refused'
  }
}

/** One digest of all paths and bytes. */
export const fingerprint = (store: ReadonlyMap<string, Uint8Array>): string =>
  [...store.keys()]
    .toSorted()
    .map((path) => `${path} ${toHex(sha256(store.get(path) ?? ''))}`)
    .join('\n')

/** Reads the whole archive as a stranger with nothing but the log's key, and gives its entries. */
export async function readWhole(objects: Objects, vkey: VerifierKey): Promise<readonly string[]> {
  const published = valueOf(await readPublished(objects, vkey))
  if (published === null) return []
  const tiles = verifiedTiles(objects, published)
  const entries: string[] = []
  for (let index = 0; index * 256 < published.checkpoint.size; index++)
    entries.push(...valueOf(await tiles.entries(index)).map((entry) => Buffer.from(entry).toString()))
  return entries
}
