import { parseCheckpoint } from '../log/checkpoint.ts'
import { HASH_BYTES } from '../log/leaf.ts'
import { parseNote } from '../log/note.ts'
import { decodeBundle, entriesPath, parseTilePath, TILE_WIDTH, tilePath, tileWidth } from '../log/tile.ts'
import { Fault } from '../model/fault.ts'
import type { StoredCheckpoint } from './entry-store.ts'
import type { FaultList } from './fault-list.ts'
import type { Claim, LogSource, SourcePage } from './source.ts'
import { CHECKPOINTS, type KeptLog, openKept } from './source-kept.ts'

/** Bundles read ahead: a bucket answers in tens of milliseconds, and is asked for many at once. */
const AHEAD = 8

const TILES = 'tile/'
/** A tile and a bundle of each width for each entry, and a little for the tiles above; and as much as a log may grow while it is read. */
const LISTED_PER_ENTRY = 4
const LISTED_MORE_MAX = 250_000

/**
 * The bytes of an object of an archive (C2SP tlog-tiles), or null where none stands. `list`, where the archive can be listed: up to a page of paths that
 * begin with `prefix` and come after `after`, ascending; none is the end. `kept`, where versions can be asked for: the same by what was locked first, which
 * nobody changes who wrote over an object or hid it since. Only its listing tells a copy under lock: in the plain one, a delete marker hides what is kept.
 */
export type TileArchive = {
  readonly name: string
  readonly get: (path: string) => Promise<Uint8Array | null>
  readonly list: ((prefix: string, after: string) => Promise<readonly string[]>) | null
  readonly kept?: TileArchive
}

/** How an archive is read, once it is known what kind it is and how many entries it has. */
type Reading = Pick<TileArchive, 'get' | 'list'> & Pick<KeptLog, 'size' | 'checkpoints'> & { readonly strays: KeptLog['strays'] | null }

/**
 * An archive of tiles as a source: a folder, a bucket, or either behind HTTP. Where checkpoints of a copy under lock can be listed and none that is as new and
 * believed lies at `checkpoint`, it is read as that copy. `believedSize`: what a note's checkpoint names, or null where that is not believed.
 */
export function tileSource(archive: TileArchive, believedSize: (note: string) => number | null = sizeNamed): LogSource {
  const { name } = archive
  let copy: Reading = published(archive, null)

  async function claim(): Promise<Claim> {
    const bytes = await archive.get('checkpoint')
    const note = bytes && Buffer.from(bytes).toString()
    const { isKept, doubt } = note === null ? { isKept: true, doubt: null } : await lookedAt()
    const kept = isKept ? await openedKept() : null
    if (kept && (note === null || kept.newest.size > (believedSize(note) ?? 0))) return claimKept(kept)
    if (note === null) return nothing(`${name} holds no checkpoint`)
    const size = sizeNamed(note)
    if (size === null) return nothing(`the checkpoint in ${name} is not a signed checkpoint`)
    const newest = { size, note, frontier: null }
    copy = published(archive, newest)
    return { size, newest, pruned: 0, lacking: null, fault: null, ...(doubt !== null && { doubt }) }
  }

  /** Whether checkpoints of a copy under lock lie here, hidden or not. Where versions cannot be listed, those that nobody hid. */
  async function lookedAt(): Promise<{ readonly isKept: boolean; readonly doubt: string | null }> {
    const lie = async ({ list }: TileArchive) => ((await list?.(CHECKPOINTS, '')) ?? []).length > 0
    try {
      return { isKept: await lie(archive.kept ?? archive), doubt: null }
    } catch (cause) {
      if (!archive.kept || !(cause instanceof Fault)) throw cause
      const doubt = `the versions in ${name} cannot be listed (${cause.message}): a copy under lock that was cut back behind delete markers would look like this`
      return { isKept: await lie(archive), doubt }
    }
  }

  async function openedKept(): Promise<(KeptLog & Pick<TileArchive, 'get' | 'list'>) | null> {
    const { get, list } = archive.kept ?? archive
    const kept = list && (await openKept({ get, list, believedSize }))
    return kept && { ...kept, get, list }
  }

  function claimKept(kept: KeptLog & Pick<TileArchive, 'get' | 'list'>): Claim {
    copy = kept
    const { newest, size } = kept
    const lacking = newest.size - size
    const fault = size > 0 ? null : `${name} holds no full bundle yet, and none of the ${lacking} entries of its newest checkpoint`
    return { size, newest, pruned: 0, lacking, fault }
  }

  /** What a tile or bundle of this width holds: itself or, once it is full, the full one, which begins with it. */
  async function whole(
    pathOf: (width: number) => string,
    width: number,
  ): Promise<{ readonly path: string; readonly bytes: Uint8Array; readonly width: number } | null> {
    for (const asked of width === TILE_WIDTH ? [width] : [width, TILE_WIDTH]) {
      const bytes = await copy.get(pathOf(asked))
      if (bytes) return { path: pathOf(asked), bytes, width: asked }
    }
    return null
  }

  async function bundle(index: number, from: number, to: number): Promise<SourcePage> {
    const width = tileWidth(0, index, Math.max(to, copy.size))
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
    checkpoints: (from, limit) => copy.checkpoints(from, limit),
    tiles: (level, index, width) => copy.get(tilePath(level, index, width)),
    // A listing takes as long as the archive is large: who reads only what is new does without.
    loose: async (tree, from, faults) => {
      const { get, list, strays } = copy
      for (const stray of strays ?? []) faults.add(stray)
      if (list && from === 0) await looseObjects({ name, get, list, hasAll: strays !== null }, tree.size, faults)
    },
  }
}

/** What is published, up to its one checkpoint. */
const published = ({ get, list }: TileArchive, newest: StoredCheckpoint | null): Reading => ({
  get,
  list,
  size: newest?.size ?? 0,
  checkpoints: (from) => Promise.resolve(newest && newest.size >= from ? [newest] : []),
  strays: null,
})

const nothing = (fault: string): Claim => ({ size: 0, newest: null, pruned: 0, lacking: null, fault })

/** The size in a note that has the form of a checkpoint's. Whose it is nobody has looked. */
function sizeNamed(note: string): number | null {
  const parsed = parseNote(note)
  return (parsed && parseCheckpoint(parsed.text)?.size) ?? null
}

/**
 * Partial tiles and bundles that were left beside the full or longer ones (C2SP tlog-tiles, "Partial Tiles": they may stay) and do not begin as these do,
 * which were verified; and objects under `tile/` that are none. Tiles of a tree that grew since, or is about to be published, are left alone.
 */
async function looseObjects(
  {
    name,
    get,
    list,
    hasAll,
  }: { readonly name: string; readonly get: TileArchive['get']; readonly list: NonNullable<TileArchive['list']>; readonly hasAll: boolean },
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
      else if (tile.width < TILE_WIDTH && !hasAll) for (const sentence of await leftover(get, path, tile, size)) faults.add(sentence)
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
