import { parseCheckpoint } from '../log/checkpoint.ts'
import { HASH_BYTES } from '../log/leaf.ts'
import { parseNote } from '../log/note.ts'
import { decodeBundle, entriesPath, parseTilePath, TILE_WIDTH, tilePath, tileWidth } from '../log/tile.ts'
import type { StoredCheckpoint } from './entry-store.ts'
import type { FaultList } from './fault-list.ts'
import type { Claim, LogSource, SourcePage } from './source.ts'

/** Bundles read ahead: a bucket answers in tens of milliseconds, and is asked for many at once. */
const AHEAD = 8

const TILES = 'tile/'
/** A tile and a bundle of each width for each entry, and a little for the tiles above; and as much as a log may grow while it is read. */
const LISTED_PER_ENTRY = 4
const LISTED_MORE_MAX = 250_000

/**
 * The bytes of an object of an archive (C2SP tlog-tiles), or null where none stands. `list`, where the archive can be listed: up to a page of paths that
 * begin with `prefix` and come after `after`, ascending; none is the end.
 */
export type TileArchive = {
  readonly name: string
  readonly get: (path: string) => Promise<Uint8Array | null>
  readonly list: ((prefix: string, after: string) => Promise<readonly string[]>) | null
}

/** An archive of tiles as a source: a folder, a bucket, or either behind HTTP. */
export function tileSource(archive: TileArchive): LogSource {
  const { name, get, list } = archive
  let claimed: StoredCheckpoint | null = null

  async function claim(): Promise<Claim> {
    const bytes = await get('checkpoint')
    if (!bytes) return { size: 0, newest: null, pruned: 0, fault: `${name} holds no checkpoint` }
    const note = Buffer.from(bytes).toString()
    const parsed = parseNote(note)
    const checkpoint = parsed && parseCheckpoint(parsed.text)
    if (!checkpoint) return { size: 0, newest: null, pruned: 0, fault: `the checkpoint in ${name} is not a signed checkpoint` }
    claimed = { size: checkpoint.size, note, frontier: null }
    return { size: checkpoint.size, newest: claimed, pruned: 0, fault: null }
  }

  /** What a tile or bundle of this width holds: itself or, once it is full, the full one, which begins with it. */
  async function whole(
    pathOf: (width: number) => string,
    width: number,
  ): Promise<{ readonly path: string; readonly bytes: Uint8Array; readonly width: number } | null> {
    for (const asked of width === TILE_WIDTH ? [width] : [width, TILE_WIDTH]) {
      const bytes = await get(pathOf(asked))
      if (bytes) return { path: pathOf(asked), bytes, width: asked }
    }
    return null
  }

  async function bundle(index: number, from: number, to: number): Promise<SourcePage> {
    const width = tileWidth(0, index, Math.max(to, claimed?.size ?? 0))
    const found = await whole((asked) => entriesPath(index, asked), width)
    if (!found)
      return { entries: [], fault: `\`${entriesPath(index, width)}\` is missing: nothing from entry ${Math.max(from, index * TILE_WIDTH)} on can be verified` }
    const entries = decodeBundle(found.bytes)
    const first = index * TILE_WIDTH
    if (entries?.length !== found.width)
      return {
        entries: [],
        fault: `\`${found.path}\` is not a bundle of ${found.width} entries: nothing from entry ${Math.max(from, first)} on can be verified`,
      }
    const within = entries.slice(0, width).map((body, i) => ({ index: first + i, body, leaf: null }))
    return { entries: within.filter((entry) => entry.index >= from && entry.index < to), fault: null }
  }

  async function* pages(from: number, to: number): AsyncGenerator<SourcePage> {
    const ahead: Promise<SourcePage>[] = []
    let next = Math.floor(from / TILE_WIDTH)
    const end = from < to ? Math.ceil(to / TILE_WIDTH) : next
    while (ahead.length > 0 || next < end) {
      for (; ahead.length < AHEAD && next < end; next++) {
        const reading = bundle(next, from, to)
        reading.catch(() => undefined)
        ahead.push(reading)
      }
      const page = (await ahead.shift()) as SourcePage
      yield page
      if (page.fault !== null) return
    }
  }

  return {
    name,
    claim,
    pages,
    checkpoints: (from) => Promise.resolve(claimed && claimed.size >= from ? [claimed] : []),
    tiles: (level, index, width) => get(tilePath(level, index, width)),
    // A listing takes as long as the archive is large: who reads only what is new does without.
    loose: async (tree, from, faults) => {
      if (list && from === 0) await looseObjects({ name, get, list }, tree.size, faults)
    },
  }
}

/**
 * Partial tiles and bundles that were left beside the full or longer ones (C2SP tlog-tiles, "Partial Tiles": they may stay) and do not begin as these do,
 * which were verified; and objects under `tile/` that are none. Tiles of a tree that grew since, or is about to be published, are left alone.
 */
async function looseObjects(
  { name, get, list }: { readonly name: string; readonly get: TileArchive['get']; readonly list: NonNullable<TileArchive['list']> },
  size: number,
  faults: FaultList,
): Promise<void> {
  const most = LISTED_MORE_MAX + LISTED_PER_ENTRY * size
  let listed = 0
  for (let after = '', page = await list(TILES, after); page.length > 0; page = await list(TILES, after))
    for (const path of page) {
      // A listing that goes back, or on and on, would never end.
      if (!path.startsWith(TILES) || path <= after)
        return faults.add(`${name} does not list in order: \`${path}\` after \`${after}\`; what else lies there was not looked at`)
      if (++listed > most) return faults.add(`${name} lists more than a log of ${size} entries can have: what else lies there was not looked at`)
      const tile = parseTilePath(path)
      if (!tile) faults.add(`\`${path}\` is no tile of a log`)
      else if (tile.width < TILE_WIDTH) for (const sentence of await leftover(get, path, tile, size)) faults.add(sentence)
      after = path
    }
}

type PartialTile = NonNullable<ReturnType<typeof parseTilePath>>

async function leftover(get: TileArchive['get'], path: string, { level, index, width }: PartialTile, size: number): Promise<readonly string[]> {
  const verified = tileWidth(level === 'entries' ? 0 : level, index, size)
  if (verified <= width) return []
  const pathOf = (of: number) => (level === 'entries' ? entriesPath(index, of) : tilePath(level, index, of))
  const [part, longer] = [await get(path), (await get(pathOf(verified))) ?? (await get(pathOf(TILE_WIDTH)))]
  if (!part || !longer) return []
  const begins = part.length <= longer.length && Buffer.compare(part, longer.subarray(0, part.length)) === 0
  const complete = level === 'entries' ? decodeBundle(part)?.length === width : part.length === width * HASH_BYTES
  return begins && complete ? [] : [`\`${path}\` does not begin \`${pathOf(verified)}\`: it was altered`]
}
