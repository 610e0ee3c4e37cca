import { done, type Outcome } from '../base/outcome.ts'
import { entriesPath, parseTilePath, TILE_WIDTH, tilePath } from '../log/tile.ts'
import { cacheControlOf, mediaTypeOf } from './media.ts'
import { CHECKPOINT, type Objects } from './objects.ts'
import type { ArchiveRefusal } from './refusal.ts'
import { cut } from './tile-object.ts'

/** What a reader of the log is answered: bytes with their headers. */
export type Resource = { readonly bytes: Uint8Array; readonly mediaType: string; readonly cacheControl: string }

/**
 * What stands at a path of C2SP tlog-tiles, or null for any other path and what was never published. The path is a stranger's; one that is not spelt as the
 * specification spells it is never looked up. A partial tile that its full one replaced is cut from that, so whoever holds an older checkpoint still finds it.
 * The published log begins at entry 0, whatever has left the table: nothing of it is ever denied (C2SP tlog-tiles, "Pruning").
 */
export async function readResource(objects: Pick<Objects, 'get'>, path: string): Promise<Outcome<Resource | null, ArchiveRefusal>> {
  const named = path === CHECKPOINT ? null : parseTilePath(path)
  if (path !== CHECKPOINT && named === null) return done(null)
  const read = await objects.get(path)
  if (!read.ok) return read
  const resource = (bytes: Uint8Array): Resource => ({ bytes, mediaType: mediaTypeOf(path), cacheControl: cacheControlOf(path) })
  if (read.value !== null) return done(resource(read.value))
  if (named === null || named.width === TILE_WIDTH) return done(null)
  const { level, index, width } = named
  const fullPath = level === 'entries' ? entriesPath(index, TILE_WIDTH) : tilePath(level, index, TILE_WIDTH)
  const full = await objects.get(fullPath)
  if (!full.ok || full.value === null) return full.ok ? done(null) : full
  const bytes = cut(level === 'entries' ? 'entries' : 'tile', full.value, width)
  return done(bytes && resource(bytes))
}
