import { concat } from '../base/bytes.ts'
import { EMPTY_FRONTIER, extend, rootOf } from './frontier.ts'

export const TILE_WIDTH = 256
const LEVEL_MAX = 63
/** Longest entry that a bundle can hold. */
export const ENTRY_BYTES_MAX = 65_535
/** A bundle of the longest entries: nothing of a log is larger. */
export const OBJECT_BYTES_MAX = TILE_WIDTH * (2 + ENTRY_BYTES_MAX)

/** Path of a tile of `width` hashes: `tile/<level>/<index>[.p/<width>]` (C2SP tlog-tiles). 256 is a full tile. */
export const tilePath = (level: number, index: number, width: number): string => `tile/${inRange(level, 0, LEVEL_MAX)}/${numbered(index, width)}`

/** Path of a bundle of `width` entries: `tile/entries/<index>[.p/<width>]`. */
export const entriesPath = (index: number, width: number): string => `tile/entries/${numbered(index, width)}`

/** What a path names: a tile of hashes at a level from 0 to 63, or a bundle of entries. */
export type TilePath = { readonly level: number | 'entries'; readonly index: number; readonly width: number }

/** What that path names, or null unless it is spelt exactly as `tilePath` or `entriesPath` spell it. Nobody has looked whether it is there. */
export function parseTilePath(path: string): TilePath | null {
  const [, level = '', groups = '', width = String(TILE_WIDTH)] = /^tile\/(entries|[0-9]{1,2})\/([x0-9/]+)(?:\.p\/([0-9]{1,3}))?$/.exec(path) ?? []
  const named = { index: Number(groups.replaceAll(/[x/]/g, '')), width: Number(width) }
  if (groups === '' || !Number.isSafeInteger(named.index) || named.width < 1 || named.width > TILE_WIDTH) return null
  if (level === 'entries') return entriesPath(named.index, named.width) === path ? { level, ...named } : null
  return Number(level) <= LEVEL_MAX && tilePath(Number(level), named.index, named.width) === path ? { level: Number(level), ...named } : null
}

/** How many hashes tile `index` of a level has in a tree of `size` leaves: 256 when it is full, 0 when there is none. Level 0 is also the entry bundles'. */
export const tileWidth = (level: number, index: number, size: number): number =>
  Math.max(0, Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** level) - index * TILE_WIDTH))

/** Tile `index` of a level from all hashes of that level (level 0: the leaf hashes), full or partial; null when it would be empty. */
export function hashTile(hashes: readonly Uint8Array[], index: number): Uint8Array | null {
  const within = hashes.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH)
  return within.length > 0 ? concat(...within) : null
}

/** The hashes of the level above: the root of each full tile. A partial tile is never hashed upwards. */
export const levelAbove = (hashes: readonly Uint8Array[]): readonly Uint8Array[] =>
  Array.from({ length: Math.floor(hashes.length / TILE_WIDTH) }, (_, i) => rootOf(extend(EMPTY_FRONTIER, hashes.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH))))

/** The bundle: each entry behind its length, two bytes, big end first. Throws for more than 256 entries or one that is too long. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length > TILE_WIDTH) throw new Error(`${entries.length} entries in one bundle`)
  return concat(
    ...entries.flatMap((entry) => {
      inRange(entry.length, 0, ENTRY_BYTES_MAX)
      return [new Uint8Array([entry.length >> 8, entry.length & 255]), entry]
    }),
  )
}

/** The entries of a bundle, or null when it is empty, holds more than 256, or does not end where an entry ends. */
export function decodeBundle(bundle: Uint8Array): readonly Uint8Array[] | null {
  const entries: Uint8Array[] = []
  let at = 0
  while (at < bundle.length) {
    const [high, low] = [bundle[at], bundle[at + 1]]
    if (high === undefined || low === undefined) return null
    const end = at + 2 + high * 256 + low
    if (end > bundle.length) return null
    entries.push(new Uint8Array(bundle.subarray(at + 2, end)))
    at = end
  }
  return entries.length > 0 && entries.length <= TILE_WIDTH ? entries : null
}

function numbered(index: number, width: number): string {
  const digits = String(inRange(index, 0, Number.MAX_SAFE_INTEGER))
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? []
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return inRange(width, 1, TILE_WIDTH) === TILE_WIDTH ? path : `${path}.p/${width}`
}

function inRange(value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) throw new Error(`${value} is not within ${least} to ${most}`)
  return value
}
