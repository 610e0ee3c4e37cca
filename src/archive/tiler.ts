import { sameBytes, utf8 } from '../base/bytes.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Checkpoint, openCheckpoint } from '../log/checkpoint.ts'
import type { VerifierKey } from '../log/note-key.ts'
import { encodeBundle, entriesPath, TILE_WIDTH, tilePath } from '../log/tile.ts'
import { type Edge, EMPTY_EDGE, edgeRoot, grow, partialTiles, type Tile, tileRoot } from './edge.ts'
import { findFork } from './fork.ts'
import { CHECKPOINT, type Objects } from './objects.ts'
import { type Published, readPublished } from './published.ts'
import { type ArchiveRefusal, brokenArchive } from './refusal.ts'
import { sweepPartials } from './sweep.ts'
import { beforeLastTile, type SignedNote, type Survey, survey, type Table, tilesOf } from './table.ts'
import { tileBytes } from './tile-object.ts'
import { together } from './together.ts'

const STEP_ENTRIES = 65_536
const PUTS_AT_ONCE = 16

export type Tiler = {
  /** Publishes up to the next checkpoint, or a step's worth. What is published then; null when nothing new was signed. Call again until null. One call at a time. */
  readonly advance: () => Promise<Outcome<Published | null, ArchiveRefusal>>
  /** Entries under the archive's checkpoint; null before the first `advance` that succeeded. */
  readonly size: () => number | null
}

export type TilerParts = {
  readonly table: Table
  readonly objects: Objects
  readonly vkey: VerifierKey
  /** Called once the tiles of a checkpoint stand and before it is published: the note to publish, with cosignatures added. Default: as it is. */
  readonly countersign?: (checkpoint: SignedNote) => Promise<string>
  /** About how many entries one step publishes: what a crash in the midst of catching up repeats. Default 65,536. */
  readonly stepEntries?: number
}

/**
 * Publishes the journal's table as tlog-tiles, in an order that leaves the archive whole after any crash: full tiles, bundles and partial
 * tiles of a tree first, then the checkpoint that names it, then away with the partial tiles that full ones replaced. Doing it again puts the same bytes.
 *
 * It trusts neither the table nor the archive, only the log's key: it continues from the archive's own tiles, whose root its checkpoint signs, and
 * reads the new entries twice: first to see that they make the signed root, then to write them, tile by tile compared with the first reading. Nothing of an
 * unsigned or other tree is ever written. `broken` says what and where, and stays the answer until restarted.
 */
export function openTiler(parts: TilerParts): Tiler {
  const { table, objects, vkey, countersign = ({ note }) => Promise.resolve(note), stepEntries = STEP_ENTRIES } = parts

  let published: Edge | null = null
  let verdict: ArchiveRefusal | null = null
  let swept = false

  async function advance(): Promise<Outcome<Published | null, ArchiveRefusal>> {
    if (verdict) return refuse(verdict)
    const outcome = await step()
    // A lost connection or a full disk is no verdict: only what was read and did not fit is.
    if (!outcome.ok && (outcome.refusal.code === 'broken' || outcome.refusal.code === 'conflict')) verdict = outcome.refusal
    return outcome
  }

  async function step(): Promise<Outcome<Published | null, ArchiveRefusal>> {
    const stands = await readPublished(objects, vkey)
    if (!stands.ok) return stands
    const edge = stands.value?.edge ?? EMPTY_EDGE
    if (published !== null && edge.size < published.size)
      return refuse(brokenArchive(`the archive's checkpoint names ${edge.size} entries, but ${published.size} were published: it was set back`))
    published = edge
    const sweptBefore = swept ? edge.size : Math.max(0, edge.size - stepEntries)
    if (!swept) {
      const cleared = await sweepPartials(objects, { from: sweptBefore, to: edge.size, every: true })
      if (!cleared.ok) return cleared
    }
    const target = await nextCheckpoint(stands.value)
    if (!target.ok || target.value === null) {
      swept ||= target.ok
      return target.ok ? done(null) : target
    }
    const fresh = await publish(edge, target.value)
    if (!fresh.ok) return fresh
    const cleared = await sweepPartials(objects, { from: edge.size, to: target.value.checkpoint.size, every: !swept })
    if (!cleared.ok) return cleared
    swept = true
    published = fresh.value?.edge ?? published
    return fresh
  }

  /** The checkpoint to publish next, its signature verified; null when none is newer. */
  async function nextCheckpoint(stands: Published | null): Promise<Outcome<Target | null, ArchiveRefusal>> {
    const size = stands?.checkpoint.size ?? 0
    const latest = await table.latestCheckpoint()
    if ((latest?.size ?? 0) < size)
      return refuse(brokenArchive(`${size} entries were published, but the journal's newest checkpoint is of ${latest?.size ?? 0}: the database was set back`))
    if (latest === null) return done(null)
    const beyond = latest.size > size + stepEntries ? (await table.checkpoints(size + stepEntries, 1))[0] : undefined
    const stored = beyond ?? latest
    const checkpoint = openCheckpoint(stored.note, vkey)
    if (checkpoint?.size !== stored.size)
      return refuse(brokenArchive(`the journal's checkpoint of size ${stored.size} does not carry the signature of ${vkey.name}`))
    if (stands === null || checkpoint.size > size) return done({ stored, checkpoint })
    if (sameBytes(checkpoint.root, stands.checkpoint.root)) return done(null)
    return refuse(brokenArchive(await findFork(table, objects, stands)))
  }

  async function publish(from: Edge, { stored, checkpoint }: Target): Promise<Outcome<Published | null, ArchiveRefusal>> {
    const surveyed = await survey(table, from, checkpoint.size)
    if (!surveyed.ok) return surveyed
    if (surveyed.value === 'parted' || !sameBytes(edgeRoot(surveyed.value.edge), checkpoint.root))
      return refuse(brokenArchive(await whereItParts(from.size, checkpoint.size)))
    const written = await writeTiles(from, surveyed.value, checkpoint.size)
    if (!written.ok) return written
    const note = await countersign(stored)
    const countersigned = openCheckpoint(note, vkey)
    if (countersigned?.size !== checkpoint.size || !sameBytes(countersigned.root, checkpoint.root))
      throw new Error('what came back from countersigning is not the checkpoint that went')
    const put = await objects.put(CHECKPOINT, utf8(note))
    return put.ok ? readPublished(objects, vkey) : put
  }

  async function whereItParts(from: number, to: number): Promise<string> {
    const stands = await readPublished(objects, vkey)
    return stands.ok && stands.value !== null
      ? findFork(table, objects, stands.value, to)
      : `entries ${from} to ${to - 1} in the table are not those that were signed`
  }

  async function writeTiles(from: Edge, { roots }: Survey, to: number): Promise<Outcome<null, ArchiveRefusal>> {
    let edge = beforeLastTile(from)
    const first = edge.size
    for await (const page of tilesOf(table, first, to)) {
      if (!page.ok) return page
      const puts: ObjectToPut[] = []
      for (const { index, entries, leaves } of page.value) {
        // INVARIANT: only what made the signed root is written, though the table may have been changed since it was read.
        if (!sameBytes(tileRoot(leaves), roots[index - first / TILE_WIDTH] ?? new Uint8Array(0)))
          return refuse(brokenArchive(`entries ${index * TILE_WIDTH} to ${index * TILE_WIDTH + leaves.length - 1} changed in the table while they were read`))
        const grown = grow(edge, leaves)
        edge = grown.edge
        puts.push({ path: entriesPath(index, entries.length), bytes: encodeBundle(entries) }, ...grown.full.map(tileObject))
      }
      const put = await together(PUTS_AT_ONCE, puts, ({ path, bytes }) => objects.put(path, bytes))
      if (!put.ok) return put
    }
    return together(PUTS_AT_ONCE, partialTiles(edge).map(tileObject), ({ path, bytes }) => objects.put(path, bytes))
  }

  return { advance, size: () => published?.size ?? null }
}

type Target = { readonly stored: SignedNote; readonly checkpoint: Checkpoint }
type ObjectToPut = { readonly path: string; readonly bytes: Uint8Array }

const tileObject = ({ level, index, hashes }: Tile): ObjectToPut => ({ path: tilePath(level, index, hashes.length), bytes: tileBytes(hashes) })
