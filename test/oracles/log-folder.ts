import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderObjects } from '../../src/archive/folder.ts'
import { valueOf } from '../../src/archive/objects.contract.ts'
import { readPublished } from '../../src/archive/published.ts'
import { openTiler } from '../../src/archive/tiler.ts'
import { cosign, withCosignature } from '../../src/log/cosignature.ts'
import { parseNote } from '../../src/log/note.ts'
import { cosignerKey, formatVkey, signerKey } from '../../src/log/note-key.ts'
import { ENTRY_BYTES_MAX, tilePath } from '../../src/log/tile.ts'
import { tileProver } from '../../src/log/tile-proof.ts'
import { formatTlogProof } from '../../src/log/tlog-proof.ts'
import { drain } from '../support/archive.ts'
import { smallTable } from '../support/small-table.ts'

const LOG = signerKey('gatehouse.example/journal', new Uint8Array(32).fill(1))
const WITNESSES = [cosignerKey('witness.example/w1', new Uint8Array(32).fill(2)), cosignerKey('witness.example/w2', new Uint8Array(32).fill(3))]

/** What a stranger needs to read the folder. */
export type LogFolder = { readonly folder: string; readonly vkey: string; readonly witnesses: readonly string[] }

/** Entries of every length: the first is empty, the second as long as one can be. */
const entryAt = (n: number): Uint8Array => (n === 1 ? new Uint8Array(ENTRY_BYTES_MAX).fill(7) : new TextEncoder().encode('entry'.repeat(n % 40)))

/**
 * A log of `size` entries in a folder, as the archive's tiler publishes it: it follows the table from each older size to the next, and each checkpoint has two
 * cosignatures. Beside it the signed note of each older size, and a receipt out of the published tiles for each index named.
 */
export async function publishLog({
  folder,
  size,
  older,
  receipts,
}: {
  readonly folder: string
  readonly size: number
  readonly older: readonly number[]
  readonly receipts: readonly number[]
}): Promise<LogFolder> {
  const table = smallTable(LOG)
  const objects = folderObjects(folder)
  const tiler = openTiler({ table, objects, vkey: LOG, countersign: ({ note }) => Promise.resolve(cosigned(note)) })
  for (const at of [...older, size].toSorted((a, b) => a - b)) {
    table.append(at - table.entries.length, entryAt).sign()
    await drain(tiler)
  }
  for (const at of older) writeFileSync(join(folder, `checkpoint.${at}`), table.signed.find((signed) => signed.size === at)?.note ?? '')

  const published = valueOf(await readPublished(objects, LOG))
  if (published?.checkpoint.size !== size) throw new Error(`the tiler did not publish ${size} entries`)
  const prover = tileProver(async (level, index, width) => valueOf(await objects.get(tilePath(level, index, width))))
  mkdirSync(join(folder, 'receipts'))
  for (const index of receipts) {
    const proven = await prover.inclusion(index, published.checkpoint)
    if (!proven.ok) throw new Error(proven.refusal)
    const file = join(folder, 'receipts', String(index))
    writeFileSync(`${file}.tlog-proof`, formatTlogProof({ index, hashes: proven.value.proof, checkpoint: published.note, extra: null }))
    writeFileSync(`${file}.entry`, table.entries[index]?.body ?? '')
  }
  return { folder, vkey: formatVkey(LOG), witnesses: WITNESSES.map(formatVkey) }
}

const cosigned = (signed: string): string =>
  WITNESSES.reduce((note, key, i) => withCosignature(note, cosign(key, parseNote(signed)?.text ?? '', 1_790_000_000 + i), key) ?? '', signed)
