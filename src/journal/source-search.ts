import { sameBytes } from '../base/bytes.ts'
import { HASH_BYTES, leafHash } from '../log/leaf.ts'
import { TILE_WIDTH, tileWidth } from '../log/tile.ts'
import { parseRecorded, type Recorded } from './recorded.ts'
import type { LogSource, SourceEntry, SourcePage } from './source.ts'
import { type EntryFilter, matches, needlesOf } from './source-filter.ts'

/** Nodes' clocks differ: times are looked for so much earlier and later. */
const CLOCKS_MS = 600_000
/** Entries of one stretch that is handed to the keeper to look through. */
const STRETCH = 32_768

/** An entry that matches and whose body is what its leaf hash says; or what is wrong with one, and then nobody is shown what it says. */
export type Found = { readonly index: number } & ({ readonly entry: Recorded; readonly body: Uint8Array } | { readonly fault: string })

/** Entries `from` to `to` (exclusive) whose bodies hold all of these texts, as whoever keeps them says. */
export type FindBodies = (from: number, to: number, needles: readonly string[]) => Promise<readonly SourceEntry[]>

export type Search = {
  readonly source: LogSource
  readonly filter: EntryFilter
  /** Where the keeper can look for itself: far less is carried, and whoever shows too little could have shown too little before. */
  readonly find?: FindBodies | null
  readonly onProgress?: (progress: { readonly done: number; readonly of: number }) => void
}

/**
 * The entries that match, oldest first. With times, only that stretch of the journal is read: its ends are found by halving, as times rise with the index but
 * for clocks that differ; entries whose clock was over ten minutes off are missed (`journal verify` tells of these). Everything else is a scan.
 */
export async function* searchSource({ source, filter, find = null, onProgress = () => undefined }: Search): AsyncGenerator<Found> {
  const { size, fault } = await source.claim()
  if (fault !== null) return yield { index: 0, fault }
  const from = filter.since === undefined ? 0 : await firstAfter(source, size, filter.since - CLOCKS_MS)
  const to = filter.until === undefined ? size : await firstAfter(source, size, filter.until + CLOCKS_MS)
  const needles = needlesOf(filter)
  const pages = find && needles.length > 0 ? foundPages(find, from, to, needles) : source.pages(from, to)
  for await (const page of pages) {
    for (const found of await judged(source, size, page)) if ('fault' in found || matches(filter, found.entry)) yield found
    const last = page.entries.at(-1)
    onProgress({ done: (last?.index ?? from) + 1 - from, of: to - from })
    if (page.fault !== null) yield { index: (last?.index ?? from - 1) + 1, fault: page.fault }
  }
  onProgress({ done: to - from, of: to - from })
}

async function* foundPages(find: FindBodies, from: number, to: number, needles: readonly string[]): AsyncGenerator<SourcePage> {
  for (let at = from; at < to; at += STRETCH) yield { entries: await find(at, Math.min(to, at + STRETCH), needles), fault: null }
}

/** Each entry of a page, held against the hash that the source keeps of it. */
async function judged(source: LogSource, size: number, { entries }: SourcePage): Promise<readonly Found[]> {
  const [first] = entries
  const tile = source.tiles && first ? await leavesAt(source, Math.floor(first.index / TILE_WIDTH), size) : null
  return entries.map((stored): Found => {
    const { index, body } = stored
    const leaf = stored.leaf ?? tile?.subarray((index % TILE_WIDTH) * HASH_BYTES, ((index % TILE_WIDTH) + 1) * HASH_BYTES) ?? new Uint8Array()
    if (!sameBytes(leafHash(body), leaf)) return { index, fault: `entry ${index} does not match its leaf hash: its body or its hash was altered` }
    const entry = parseRecorded(body)
    return entry ? { index, entry, body } : { index, fault: `entry ${index} is not one that this version could have written` }
  })
}

/** Pages of an archive are bundles, each beside its tile. */
async function leavesAt({ tiles }: LogSource, index: number, size: number): Promise<Uint8Array | null> {
  const width = tileWidth(0, index, size)
  return (await tiles?.(0, index, width)) ?? (await tiles?.(0, index, TILE_WIDTH)) ?? null
}

/** The first entry from that time on, by halving; one that cannot be read counts as early. */
async function firstAfter(source: LogSource, size: number, time: number): Promise<number> {
  let [low, high] = [0, size]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const at = await timeOf(source, middle)
    if (at < time) low = middle + 1
    else high = middle
  }
  return low
}

async function timeOf(source: LogSource, index: number): Promise<number> {
  for await (const { entries } of source.pages(index, index + 1)) {
    const [entry] = entries
    const recorded = entry && parseRecorded(entry.body)
    return recorded ? Date.parse(recorded.at) : -Infinity
  }
  return -Infinity
}
