import { sameBytes, toHex, utf8 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { sha256 } from '../base/digest.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { keptCheckpointPath, keptPayloadPath } from '../journal/source-kept.ts'
import type { VerifierKey } from '../log/note-key.ts'
import { encodeBundle, entriesPath, TILE_WIDTH, tilePath } from '../log/tile.ts'
import { fullTiles, partialTiles } from './edge.ts'
import type { LockedObjects } from './locked.ts'
import type { Objects } from './objects.ts'
import { type Published, readPublished } from './published.ts'
import { type ArchiveRefusal, brokenArchive } from './refusal.ts'
import { tileBytes } from './tile-object.ts'
import { together } from './together.ts'
import { type VerifiedTiles, verifiedTiles } from './verified-tiles.ts'

/** A ciphertext that entries name by the SHA-256 of its bytes, in hex. */
export type Payload = { readonly digest: string; readonly class: string; readonly ciphertext: Uint8Array }

/** For how many days each kind is locked, from the day it is uploaded; payloads by their class. It can be lengthened later, never shortened. */
export type WormRetention = { readonly tilesDays: number; readonly checkpointsDays: number; readonly payloadsDays: Readonly<Record<string, number>> }

export type WormParts = {
  readonly objects: Pick<Objects, 'get'>
  readonly vkey: VerifierKey
  readonly locked: LockedObjects
  readonly retention: WormRetention
  /** The payloads that these entries name and that still exist. `first` is the index of the first entry. */
  readonly payloadsOf: (first: number, entries: readonly Uint8Array[]) => Promise<readonly Payload[]>
  readonly clock: Clock
}

/** Entries under locked full tiles and bundles, entries published, and how far the first is behind. Up to 255 always are: partial bundles are not locked. */
export type WormStanding = { readonly keptSize: number; readonly publishedSize: number; readonly lagEntries: number; readonly checkpointSize: number | null }

export type Worm = {
  /** Uploads a step's worth, and says where it stands. Call again while `lagEntries` is 256 or more. One call at a time. */
  readonly advance: () => Promise<Outcome<WormStanding, ArchiveRefusal>>
  /** How many entries, of `from` to `to` (bundles' borders) from the first on, stand there now under a lock that has not run out: each bundle is asked for. Nothing is uploaded. */
  readonly keptTo: (from: number, to: number) => Promise<Outcome<number, ArchiveRefusal>>
}

const DAY_MS = 86_400_000
/** Between our clock and the server's, and while an upload is under way. */
const SKEW_MS = 3_600_000
/** Bundles of one step, and at once. A crash leaves at most a step's worth to be looked at again. */
const STEP_BUNDLES = 64
const AT_ONCE = 8

/**
 * Copies what is published into a store where nobody can remove it: full tiles of all levels, full bundles, the payloads their entries name, then the
 * checkpoint with its partial tiles (`journal/source-kept.ts` reads it all). Each object is followed up to the signed root before it is locked, since garbage would stay for years, and counts only once
 * it was read back by its version id with its lock. After a crash it finds out from the store itself where it stood.
 *
 * The attacker: who has credentials to write there, and puts the right bytes first, under no lock or one that soon ends. So a version that stands
 * counts only if it was locked, from when the server took it in, for as long as it is to be: retention that was lengthened locks all anew.
 */
export function openWorm(parts: WormParts): Worm {
  const { objects, vkey, locked, retention, clock } = parts
  let kept: number | null = null
  /** Bundles below this may be there already, whole or in part, from before the start. */
  let doubtedBelow = 0
  let checkpointSize: number | null = null

  async function advance(): Promise<Outcome<WormStanding, ArchiveRefusal>> {
    const published = await readPublished(objects, vkey)
    if (!published.ok) return published
    if (published.value === null) return done({ keptSize: 0, publishedSize: 0, lagEntries: 0, checkpointSize })
    const { size } = published.value.checkpoint
    const full = fullTiles(size, 0)
    if (kept === null) {
      const found = await firstAbsent(verifiedTiles(objects, published.value), full)
      if (!found.ok) return found
      doubtedBelow = Math.min(full, found.value + STEP_BUNDLES)
      kept = Math.max(0, found.value - STEP_BUNDLES)
    }
    const from = kept
    const bundles = Array.from({ length: Math.max(0, Math.min(STEP_BUNDLES, full - from)) }, (_, i) => from + i)
    const tiles = verifiedTiles(objects, published.value)
    const copied = await together(AT_ONCE, bundles, (index) => copyBundle(tiles, index))
    if (!copied.ok) return copied
    kept = from + bundles.length
    if (kept === full && checkpointSize !== size) {
      const put = await keepCheckpoint(published.value)
      if (!put.ok) return put
      checkpointSize = size
    }
    const keptSize = kept * TILE_WIDTH
    return done({ keptSize, publishedSize: size, lagEntries: size - keptSize, checkpointSize })
  }

  /** A bundle comes last of what belongs to it: where it is locked, all of that is. */
  async function copyBundle(tiles: VerifiedTiles, index: number): Promise<Outcome<null, ArchiveRefusal>> {
    const entries = await tiles.entries(index)
    if (!entries.ok) return entries
    const doubted = index < doubtedBelow
    for (const payload of await parts.payloadsOf(index * TILE_WIDTH, entries.value)) {
      const put = await keepPayload(payload)
      if (!put.ok) return put
    }
    for (let level = 0; (index + 1) % TILE_WIDTH ** level === 0; level++) {
      const at = (index + 1) / TILE_WIDTH ** level - 1
      const tile = await tiles.tile(level, at)
      if (!tile.ok) return tile
      const put = await keep(tilePath(level, at, TILE_WIDTH), tileBytes(tile.value), retention.tilesDays, doubted)
      if (!put.ok) return put
    }
    return keep(entriesPath(index, TILE_WIDTH), encodeBundle(entries.value), retention.tilesDays, doubted)
  }

  function keepPayload({ digest, class: kind, ciphertext }: Payload): Promise<Outcome<null, ArchiveRefusal>> | Outcome<never, ArchiveRefusal> {
    const days = retention.payloadsDays[kind]
    if (days === undefined) return refuse({ code: 'rejected', detail: `no retention is set for payloads of class \`${kind}\``, next: 'set one, in days' })
    if (toHex(sha256(ciphertext)) !== digest) return refuse(brokenArchive(`the payload \`${digest}\` is not of that digest`))
    // It may stand from before a restart.
    return keep(keptPayloadPath(digest), ciphertext, days, true)
  }

  /** Its partial tiles first: they tie it to the full ones, for the entries after the last full bundle are not here. */
  async function keepCheckpoint({ checkpoint: { size }, note, edge }: Published): Promise<Outcome<null, ArchiveRefusal>> {
    for (const { level, index, hashes } of partialTiles(edge)) {
      const put = await keep(tilePath(level, index, hashes.length), tileBytes(hashes), retention.checkpointsDays, true)
      if (!put.ok) return put
    }
    return keep(keptCheckpointPath(size), utf8(note), retention.checkpointsDays, true)
  }

  async function keep(key: string, bytes: Uint8Array, days: number, doubted: boolean): Promise<Outcome<null, ArchiveRefusal>> {
    if (doubted) {
      const stands = await isKept(key, bytes, days, clock())
      if (!stands.ok || stands.value) return stands.ok ? done(null) : stands
    }
    const untilMs = clock() + days * DAY_MS
    const put = await locked.put(key, bytes, { mode: 'COMPLIANCE', untilMs })
    if (!put.ok) return put
    const back = await locked.get(key, put.value)
    if (!back.ok) return back
    if (back.value === null || !sameBytes(back.value, bytes)) return refuse(notKept(key, 'did not give back what was uploaded'))
    const lock = await locked.lockOf(key, put.value)
    if (!lock.ok) return lock
    if (lock.value?.mode !== 'COMPLIANCE' || lock.value.untilMs < secondOf(untilMs)) return refuse(notKept(key, 'did not lock what was uploaded'))
    return done(null)
  }

  /** Whether some version is these bytes, locked for so many days and until after that time. */
  async function isKept(key: string, bytes: Uint8Array, days: number, afterMs: number): Promise<Outcome<boolean, ArchiveRefusal>> {
    const versions = await locked.versions(key)
    if (!versions.ok) return versions
    for (const version of versions.value) {
      const [lock, stored, storedAt] = [await locked.lockOf(key, version), await locked.get(key, version), await locked.storedAt(key, version)]
      if (!lock.ok) return lock
      if (!stored.ok) return stored
      if (!storedAt.ok) return storedAt
      if (lock.value?.mode !== 'COMPLIANCE' || stored.value === null || storedAt.value === null) continue
      const { untilMs } = lock.value
      if (untilMs > afterMs && untilMs >= storedAt.value + days * DAY_MS - SKEW_MS && sameBytes(stored.value, bytes)) return done(true)
    }
    return done(false)
  }

  /** The first bundle that was never locked as it is to be, as far as halving can tell: they went up in order, a step's worth at once. */
  async function firstAbsent(tiles: VerifiedTiles, full: number): Promise<Outcome<number, ArchiveRefusal>> {
    let [low, high] = [0, full]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const entries = await tiles.entries(middle)
      if (!entries.ok) return entries
      // A lock that has run out was one: what is old stays gone, and does not begin all anew.
      const stands = await isKept(entriesPath(middle, TILE_WIDTH), encodeBundle(entries.value), retention.tilesDays, -Infinity)
      if (!stands.ok) return stands
      if (stands.value) low = middle + 1
      else high = middle
    }
    return done(low)
  }

  async function keptTo(from: number, to: number): Promise<Outcome<number, ArchiveRefusal>> {
    const published = await readPublished(objects, vkey)
    if (!published.ok) return published
    if (published.value === null) return done(from)
    const tiles = verifiedTiles(objects, published.value)
    const end = Math.min(to / TILE_WIDTH, fullTiles(published.value.checkpoint.size, 0))
    for (let index = from / TILE_WIDTH; index < end; index++) {
      const entries = await tiles.entries(index)
      if (!entries.ok) return entries
      const stands = await isKept(entriesPath(index, TILE_WIDTH), encodeBundle(entries.value), retention.tilesDays, clock())
      if (!stands.ok) return stands
      if (!stands.value) return done(index * TILE_WIDTH)
    }
    return done(Math.max(from, end * TILE_WIDTH))
  }

  return { advance, keptTo }
}

/** Servers keep a lock's date to the second. */
const secondOf = (ms: number): number => Math.floor(ms / 1000) * 1000

const notKept = (key: string, what: string): ArchiveRefusal => ({
  code: 'unsupported',
  detail: `the store ${what} at \`${key}\``,
  next: 'do not rely on this store: run `gatehouse journal worm-probe` against it',
})
