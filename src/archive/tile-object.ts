import { concat } from '../base/bytes.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { HASH_BYTES } from '../log/leaf.ts'
import { decodeBundle, encodeBundle, entriesPath, TILE_WIDTH, tilePath } from '../log/tile.ts'
import type { Objects } from './objects.ts'
import { type ArchiveRefusal, brokenArchive } from './refusal.ts'

type Reader = Pick<Objects, 'get'>

/** The bytes of a tile or of a bundle, in the archive's one spelling. */
export const tileBytes = (hashes: readonly Uint8Array[]): Uint8Array => concat(...hashes)

/** The first `width` hashes of a tile, from that partial tile or the full one that replaced it; null when neither stands. Nothing is verified. */
export async function readTile(objects: Reader, level: number, index: number, width: number): Promise<Outcome<readonly Uint8Array[] | null, ArchiveRefusal>> {
  const read = await readWidth(objects, (asked) => tilePath(level, index, asked), width)
  if (!read.ok || read.value === null) return read.ok ? done(null) : read
  const { path, bytes, width: stood } = read.value
  if (bytes.length !== stood * HASH_BYTES) return refuse(brokenArchive(`\`${path}\` has ${bytes.length} bytes instead of ${stood * HASH_BYTES}`))
  return done(Array.from({ length: width }, (_, i) => bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES)))
}

/** The first `width` entries of a bundle, likewise. */
export async function readEntries(objects: Reader, index: number, width: number): Promise<Outcome<readonly Uint8Array[] | null, ArchiveRefusal>> {
  const read = await readWidth(objects, (asked) => entriesPath(index, asked), width)
  if (!read.ok || read.value === null) return read.ok ? done(null) : read
  const { path, bytes, width: stood } = read.value
  const entries = decodeBundle(bytes)
  if (entries?.length !== stood) return refuse(brokenArchive(`\`${path}\` is not a bundle of ${stood} entries`))
  return done(entries.slice(0, width))
}

/** The first bytes of a full tile or bundle that are its partial one of this width; null when the object is not of that shape. */
export function cut(kind: 'tile' | 'entries', bytes: Uint8Array, width: number): Uint8Array | null {
  if (kind === 'tile') return bytes.length === TILE_WIDTH * HASH_BYTES ? bytes.slice(0, width * HASH_BYTES) : null
  const entries = decodeBundle(bytes)
  return entries?.length === TILE_WIDTH ? encodeBundle(entries.slice(0, width)) : null
}

async function readWidth(objects: Reader, pathOf: (width: number) => string, width: number) {
  for (const asked of width === TILE_WIDTH ? [width] : [width, TILE_WIDTH]) {
    const path = pathOf(asked)
    const read = await objects.get(path)
    if (!read.ok) return read
    if (read.value !== null) return done({ path, bytes: read.value, width: asked })
  }
  return done(null)
}
