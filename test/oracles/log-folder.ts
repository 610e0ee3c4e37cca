import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { signedCheckpoint } from '../../src/log/checkpoint.ts'
import { cosign, withCosignature } from '../../src/log/cosignature.ts'
import { EMPTY_FRONTIER, extend, rootOf } from '../../src/log/frontier.ts'
import { leafHash } from '../../src/log/leaf.ts'
import { parseNote } from '../../src/log/note.ts'
import { cosignerKey, formatVkey, signerKey } from '../../src/log/note-key.ts'
import { ENTRY_BYTES_MAX, encodeBundle, entriesPath, hashTile, levelAbove, tilePath } from '../../src/log/tile.ts'
import { tileProver } from '../../src/log/tile-proof.ts'
import { formatTlogProof } from '../../src/log/tlog-proof.ts'

const LOG = signerKey('gatehouse.example/journal', new Uint8Array(32).fill(1))
const WITNESSES = [cosignerKey('witness.example/w1', new Uint8Array(32).fill(2)), cosignerKey('witness.example/w2', new Uint8Array(32).fill(3))]

/** What a stranger needs to read the folder. */
export type LogFolder = { readonly folder: string; readonly vkey: string; readonly witnesses: readonly string[] }

/** Entries of every length: the first is empty, the second as long as one can be. */
const entryAt = (n: number): Uint8Array => (n === 1 ? new Uint8Array(ENTRY_BYTES_MAX).fill(7) : new TextEncoder().encode('entry'.repeat(n % 40)))

/**
 * Writes a log of `size` entries by our own formats: full and last partial tiles, bundles, the checkpoint twice cosigned, a checkpoint
 * for each older size, and a receipt out of those tiles for each index named.
 */
export async function writeLogFolder({
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
  const file = (path: string, content: Uint8Array | string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  const entries = Array.from({ length: size }, (_, n) => entryAt(n))
  let hashes: readonly Uint8Array[] = entries.map(leafHash)
  const rootAt = (leaves: number, of: readonly Uint8Array[]) => rootOf(extend(EMPTY_FRONTIER, of.slice(0, leaves)))
  const root = rootAt(size, hashes)
  const signed = signedCheckpoint(LOG, size, root)
  const text = parseNote(signed)?.text ?? ''
  const checkpoint = WITNESSES.reduce((note, key, i) => withCosignature(note, cosign(key, text, 1_790_000_000 + i), key) ?? '', signed)
  file('checkpoint', checkpoint)
  for (const at of older) file(`checkpoint.${at}`, signedCheckpoint(LOG, at, rootAt(at, hashes)))
  for (let first = 0; first < size; first += 256) {
    const within = entries.slice(first, first + 256)
    file(entriesPath(first / 256, within.length), encodeBundle(within))
  }
  for (let level = 0; hashes.length > 0; level += 1) {
    for (let index = 0; index * 256 < hashes.length; index += 1) {
      const tile = hashTile(hashes, index) ?? new Uint8Array()
      file(tilePath(level, index, tile.length / 32), tile)
    }
    hashes = levelAbove(hashes)
  }
  const prover = tileProver(async (level, index, width) => new Uint8Array(readFileSync(join(folder, tilePath(level, index, width)))))
  for (const index of receipts) {
    const proven = await prover.inclusion(index, { size, root })
    if (!proven.ok) throw new Error(proven.refusal)
    file(`receipts/${index}.tlog-proof`, formatTlogProof({ index, hashes: proven.value.proof, checkpoint, extra: null }))
    file(`receipts/${index}.entry`, entries[index] ?? new Uint8Array())
  }
  return { folder, vkey: formatVkey(LOG), witnesses: WITNESSES.map(formatVkey) }
}
