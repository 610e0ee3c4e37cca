import { sha256 } from '../base/digest.ts'
import { HASH_BYTES } from '../log/leaf.ts'
import { TILE_WIDTH } from '../log/tile.ts'
import type { PayloadRef } from './verify-payload.ts'
import { type Glimpse, recogniser } from './verify-recognise.ts'

/** What the bodies of a page say of themselves. */
export type Inspection = {
  /** Their leaf hashes, 32 bytes each. */
  readonly leaves: Uint8Array
  /** Places in the page of bodies that are no entries this version could have written. */
  readonly unreadable: readonly number[]
  /** When each says it was recorded, in milliseconds since the epoch, and by which of `nodes`; NaN for what cannot be read. */
  readonly times: Float64Array
  readonly nodes: readonly string[]
  readonly nodeOf: Uint16Array
  /** None unless they were wanted. */
  readonly payloads: readonly { readonly at: number; readonly ref: PayloadRef }[]
  /** Places of bodies that are spelled as before there were events, and the first that is an event. */
  readonly old: readonly number[]
  readonly firstEvent: number | null
  /** Subjects whose keys an entry here says were destroyed. */
  readonly erased: readonly string[]
  /** Entries below this have left the table, as entries here say; 0 where none does. */
  readonly pruned: number
}

/** What is looked for in a page. What its entries name as payloads is of use only to who holds them; to list it keeps their texts alive and takes as long as to read them. */
export type Wanted = { readonly payloads: boolean }

/** Inspects the bodies of a page, here or elsewhere. Several pages may be under way at once. */
export type Inspect = (bodies: readonly Uint8Array[], wanted: Wanted) => Promise<Inspection>

/** What a verifier looks at in the entry of a body, or null when it is none. */
type ReadBody = (body: Uint8Array) => Glimpse | null

/** Bodies in one block, each behind a zero byte, so that it can be hashed as a leaf where it lies and handed to a worker at once; and where each ends. */
export type Block = { readonly bytes: Uint8Array; readonly ends: Uint32Array }

export function blockOf(bodies: readonly Uint8Array[]): Block {
  const bytes = new Uint8Array(bodies.reduce((sum, body) => sum + 1 + body.length, 0))
  const ends = new Uint32Array(bodies.length)
  let at = 0
  for (const [i, body] of bodies.entries()) {
    bytes.set(body, at + 1)
    at += 1 + body.length
    ends[i] = at
  }
  return { bytes, ends }
}

export function inspectBlock({ bytes, ends }: Block, readBody: ReadBody, wanted: Wanted): Inspection {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const leaves = new Uint8Array(ends.length * HASH_BYTES)
  const times = new Float64Array(ends.length).fill(Number.NaN)
  const nodeOf = new Uint16Array(ends.length)
  const nodes = new Map<string, number>()
  const unreadable: number[] = []
  const payloads: { readonly at: number; readonly ref: PayloadRef }[] = []
  const old: number[] = []
  const erased: string[] = []
  let firstEvent: number | null = null
  let pruned = 0
  let start = 0
  for (const [i, end] of ends.entries()) {
    // SHA-256(0x00 ‖ entry) (RFC 6962 §2.1): the zero stands before it.
    leaves.set(sha256(buffer.subarray(start, end)), i * HASH_BYTES)
    const entry = readBody(buffer.subarray(start + 1, end))
    start = end
    if (!entry) {
      unreadable.push(i)
      continue
    }
    times[i] = entry.at
    const node = nodes.get(entry.node) ?? nodes.size
    nodes.set(entry.node, node)
    nodeOf[i] = node
    if (entry.old) old.push(i)
    else firstEvent ??= i
    if (entry.erased !== null) erased.push(entry.erased)
    if (entry.pruned !== null && entry.pruned % TILE_WIDTH === 0) pruned = Math.max(pruned, entry.pruned)
    if (wanted.payloads && entry.payload) payloads.push({ at: i, ref: entry.payload })
  }
  return { leaves, unreadable, times, nodes: [...nodes.keys()], nodeOf, payloads, old, firstEvent, erased, pruned }
}

/** In this thread. */
export const inspectHere =
  (readBody: ReadBody = recogniser()): Inspect =>
  (bodies, wanted) =>
    Promise.resolve(inspectBlock(blockOf(bodies), readBody, wanted))
