import { sameBytes } from '../base/bytes.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { EMPTY_FRONTIER, extend, type Frontier, parseFrontier, rootOf } from '../log/frontier.ts'
import { leafHash } from '../log/leaf.ts'
import { verifyInclusion } from '../log/proof.ts'
import { inclusionSpans, tileProver } from '../log/tile-proof.ts'
import { formatTlogProof } from '../log/tlog-proof.ts'
import { gapFault } from './check-entry.ts'
import type { StoredCheckpoint } from './entry-store.ts'
import type { LogSource } from './source.ts'
import type { Believed, Trust } from './verify-trust.ts'

/** Checkpoints looked at in one go, and how far back the first look for a known tree reaches, in entries. */
const PAGE_CHECKPOINTS = 256
const BACK_ENTRIES = 4096

/** An entry and its receipt (C2SP tlog-proof), which verifies by the same trust. `size`: of the tree that it proves the entry to be in. */
export type Proved = { readonly index: number; readonly body: Uint8Array; readonly text: string; readonly size: number }

/**
 * The receipt of an entry, out of any copy of the journal. Whoever keeps the copy is the attacker: nothing is returned that does not verify. Refused, in a sentence,
 * when no believed checkpoint covers the entry yet, or what is there does not lead to the signed root.
 *
 * Out of tiles it takes a few reads. Out of the table too: left of the entry stand the subtrees of the tree before it, which the checkpoint before it kept and
 * its signature confirms; right of it, only the entries up to the next checkpoint.
 */
export async function proveEntry({ source, trust }: { readonly source: LogSource; readonly trust: Trust }, index: number): Promise<Outcome<Proved, string>> {
  const { size, newest, fault } = await source.claim()
  if (fault !== null) return refuse(fault)
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return refuse(`${source.name} has no entry ${index}: it has ${size}`)
  const covering = source.tiles && newest ? believed(trust, newest) : await coveringCheckpoint({ source, trust }, index)
  if (!covering.ok) return covering
  const { stored, checkpoint } = covering.value
  const proven = source.tiles ? await tileProver(source.tiles).inclusion(index, checkpoint) : await provenByEntries({ source, trust }, index, checkpoint)
  if (!proven.ok) return proven
  const { leaf, proof } = proven.value
  const body = await bodyOf(source, index)
  if (!body.ok) return body
  if (!sameBytes(leafHash(body.value), leaf)) return refuse(`entry ${index} in ${source.name} is not the one that was signed`)
  return done({ index, body: body.value, text: formatTlogProof({ index, hashes: proof, checkpoint: stored.note, extra: null }), size: checkpoint.size })
}

type Covering = { readonly stored: StoredCheckpoint; readonly checkpoint: Believed['checkpoint'] }
type Proven = { readonly leaf: Uint8Array; readonly proof: readonly Uint8Array[] }
type Parts = { readonly source: LogSource; readonly trust: Trust }

function believed(trust: Trust, stored: StoredCheckpoint): Outcome<Covering, string> {
  const opened = trust.open(stored.note)
  if (!opened.ok) return refuse(`the checkpoint of size ${stored.size} ${opened.refusal}`)
  const { checkpoint, quorum } = opened.value
  if (checkpoint.size !== stored.size) return refuse(`the checkpoint of size ${stored.size} names another size`)
  return quorum && !quorum.met ? refuse(quorum.words) : done({ stored, checkpoint })
}

/** The first checkpoint after the entry that is believed; with a policy, that has its quorum. */
async function coveringCheckpoint({ source, trust }: Parts, index: number): Promise<Outcome<Covering, string>> {
  let why = `no checkpoint covers entry ${index} yet: it is signed within a second or so`
  for (
    let from = index + 1, page = await source.checkpoints(from, PAGE_CHECKPOINTS);
    page.length > 0;
    page = await source.checkpoints(from, PAGE_CHECKPOINTS)
  ) {
    for (const stored of page) {
      const found = believed(trust, stored)
      if (found.ok) return found
      why = `no checkpoint that is believed covers entry ${index}: ${found.refusal}`
    }
    from = (page.at(-1)?.size ?? from) + 1
  }
  return refuse(why)
}

async function provenByEntries(parts: Parts, index: number, checkpoint: Believed['checkpoint']): Promise<Outcome<Proven, string>> {
  const known = await knownTree(parts, index)
  const leaves: Uint8Array[] = []
  let before = known
  for await (const { entries, fault } of parts.source.pages(known.size, checkpoint.size)) {
    const at = before.size + leaves.length
    const gap = entries.find((entry, i) => entry.index !== at + i)
    if (gap) return refuse(gapFault(at, gap.index))
    const hashes = entries.map(({ body }) => leafHash(body))
    const left = hashes.slice(0, Math.max(0, index - at))
    before = extend(before, left)
    leaves.push(...hashes.slice(left.length))
    if (fault !== null) return refuse(fault)
  }
  const rights = (first: number, end: number) => rootOf(extend(EMPTY_FRONTIER, leaves.slice(first - index, end - index)))
  const lefts = [...before.roots]
  // INVARIANT: the subtrees left of a leaf's way to the root are those of the tree before it, smallest nearest.
  const proof = inclusionSpans(index, checkpoint.size).map(({ start, end }) => (end <= index ? lefts.pop() : rights(start, end)) ?? new Uint8Array())
  const leaf = leaves[0] ?? new Uint8Array()
  if (verifyInclusion({ index, size: checkpoint.size, leaf, proof, root: checkpoint.root })) return done({ leaf, proof })
  return refuse(`entries ${known.size} to ${checkpoint.size - 1} in ${parts.source.name} are not those that were signed`)
}

/** The tree of the newest believed checkpoint that lies at or before the entry and kept it, or none: then everything before is read. */
async function knownTree({ source, trust }: Parts, index: number): Promise<Frontier> {
  for (let back = BACK_ENTRIES; ; back *= 4) {
    const first = Math.max(1, index - back)
    let best: Frontier | null = null
    for (
      let from = first, page = await source.checkpoints(from, PAGE_CHECKPOINTS);
      page.length > 0 && from <= index;
      page = await source.checkpoints(from, PAGE_CHECKPOINTS)
    ) {
      const kept = page.filter(({ size, frontier }) => size <= index && frontier !== null).at(-1)
      best = (kept && treeOf(kept, trust)) ?? best
      from = (page.at(-1)?.size ?? from) + 1
    }
    if (best || first === 1) return best ?? EMPTY_FRONTIER
  }
}

/** The tree that a checkpoint kept, where it makes the root that it signs. */
function treeOf({ size, note, frontier }: StoredCheckpoint, trust: Trust): Frontier | null {
  const tree = frontier && parseFrontier(frontier, size)
  if (!tree) return null
  const opened = trust.open(note)
  return opened.ok && opened.value.checkpoint.size === size && sameBytes(opened.value.checkpoint.root, rootOf(tree)) ? tree : null
}

async function bodyOf(source: LogSource, index: number): Promise<Outcome<Uint8Array, string>> {
  for await (const { entries, fault } of source.pages(index, index + 1)) {
    const entry = entries[0]
    if (entry?.index === index) return done(entry.body)
    return refuse(fault ?? gapFault(index, entry?.index ?? index + 1))
  }
  return refuse(`${source.name} gives no entry ${index}`)
}
