import { sameBytes, toHex, utf8 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { sha256 } from '../base/digest.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { VerifierKey } from '../log/note-key.ts'
import { encodeBundle, entriesPath, TILE_WIDTH, tilePath } from '../log/tile.ts'
import { fullTiles } from './edge.ts'
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

/** Entries under locked full tiles and bundles, entries published, and how far the first is behind. Up to 255 always are: partial tiles are not locked. */
export type WormStanding = { readonly keptSize: number; readonly publishedSize: number; readonly lagEntries: number; readonly checkpointSize: number | null }

export type Worm = {
  /** Uploads a step's worth, and says where it stands. Call again while `lagEntries` is 256 or more. One call at a time. */
  readonly advance: () => Promise<Outcome<WormStanding, ArchiveRefusal>>
}

const DAY_MS = 86_400_000
/** Bundles of one step, and at once. A crash leaves at most a step's worth to be looked at again. */
const STEP_BUNDLES = 64
const AT_ONCE = 8

/**
 * Copies what is published into a store where nobody can remove it: full tiles of all levels, full bundles, the payloads their entries name, then
 * `checkpoints/<size>`. Each object is followed up to the signed root before it is locked, since garbage would stay for years, and counts only once
 * it was read back by its version id with its lock. After a crash it finds out from the store itself where it stood.
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
      const found = await firstAbsent(full)
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
    // Entries of different bundles may name the same one.
    return keep(`payloads/${digest}`, ciphertext, days, true)
  }

  const keepCheckpoint = ({ checkpoint, note }: Published) => keep(`checkpoints/${checkpoint.size}`, utf8(note), retention.checkpointsDays, true)

  async function keep(key: string, bytes: Uint8Array, days: number, doubted: boolean): Promise<Outcome<null, ArchiveRefusal>> {
    if (doubted) {
      const stands = await isKept(key, bytes)
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

  /** Whether some version is these bytes under a lock that still holds. */
  async function isKept(key: string, bytes: Uint8Array): Promise<Outcome<boolean, ArchiveRefusal>> {
    const versions = await locked.versions(key)
    if (!versions.ok) return versions
    for (const version of versions.value) {
      const [lock, stored] = [await locked.lockOf(key, version), await locked.get(key, version)]
      if (!lock.ok) return lock
      if (!stored.ok) return stored
      if (lock.value?.mode === 'COMPLIANCE' && lock.value.untilMs > clock() && stored.value !== null && sameBytes(stored.value, bytes)) return done(true)
    }
    return done(false)
  }

  /** The first bundle that has no version at all, as far as halving can tell: they went up in order, a step's worth at once. */
  async function firstAbsent(full: number): Promise<Outcome<number, ArchiveRefusal>> {
    let [low, high] = [0, full]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const versions = await locked.versions(entriesPath(middle, TILE_WIDTH))
      if (!versions.ok) return versions
      if (versions.value.length > 0) low = middle + 1
      else high = middle
    }
    return done(low)
  }

  return { advance }
}

/** Servers keep a lock's date to the second. */
const secondOf = (ms: number): number => Math.floor(ms / 1000) * 1000

const notKept = (key: string, what: string): ArchiveRefusal => ({
  code: 'unsupported',
  detail: `the store ${what} at \`${key}\``,
  next: 'do not rely on this store: run `gatehouse journal worm-probe` against it',
})
