import { sameBytes } from '../base/bytes.ts'
import type { Frontier } from '../log/frontier.ts'
import { frontierBytes, rootOf } from '../log/frontier.ts'
import type { StoredCheckpoint } from './entry-store.ts'
import type { FaultList } from './fault-list.ts'
import type { LogSource } from './source.ts'
import type { Earlier } from './verify-earlier.ts'
import type { Grow } from './verify-tiles.ts'
import type { Believed, Trust } from './verify-trust.ts'

const PAGE_CHECKPOINTS = 256

/** A checkpoint from elsewhere than the source: a SIEM, a witness, paper. `name` is what a sentence calls it. */
export type Foreign = { readonly name: string; readonly note: string; readonly doubt?: string }

/** What the checkpoints that held come to. */
export type Held = {
  /** Of the source's own, how many held. */
  readonly checkpoints: number
  /** Size of the newest of all that held, or of what an earlier run had. */
  readonly signedSize: number
  /** Size of the newest that held and had the policy's quorum; without a policy, as `signedSize`. */
  readonly vouchedSize: number
  /** The tree of that size; null where nothing of this run came to one. */
  readonly vouched: Frontier | null
  /** Of the source's own over any entries, how many there were at all. */
  readonly seen: number
  /** A checkpoint of the source is not that of its entries: a fault that was told. */
  readonly strayed: boolean
  /** The newest that held and had the policy's quorum; null without a policy, and without such a checkpoint. */
  readonly witnessed: { readonly size: number; readonly words: string } | null
  /** What the quorum said of the newest that held. */
  readonly words: string | null
}

/** Compares a tree, as it grows, with every checkpoint of the source at its size, with those from elsewhere, and with what the signer remembers. */
export type CheckpointJudge = {
  /** The tree with these leaves, its root compared at each size on the way that somebody signed. */
  readonly through: (tree: Frontier, leaves: readonly Uint8Array[]) => Promise<Frontier>
  /** Compares what was signed at this very size: where nothing was read yet. */
  readonly compare: (tree: Frontier) => Promise<void>
  /** What holds so far. */
  readonly held: () => Held
  /** Trees from elsewhere below where this verification began, their signatures verified. */
  readonly earlier: readonly Earlier[]
  /** Looks at the checkpoints beyond the `size` entries there are. */
  readonly finish: (size: number) => Promise<Held>
}

/** A checkpoint whose turn comes at `size`; `from` is null for the source's own. */
type Due = { readonly size: number; readonly from: string | null; readonly note: string; readonly frontier: Uint8Array | null }

/** `newest`: the size of the source's newest checkpoint when the verification began: younger ones are left for the next. `begin`: entries verified before. */
export function checkpointJudge({
  source,
  newest,
  begin = 0,
  trust,
  against = [],
  remembered,
  lagMax = 0,
  faults,
  warnings,
  grow,
}: {
  readonly source: Pick<LogSource, 'checkpoints' | 'name'>
  readonly newest: number
  readonly begin?: number
  readonly trust: Trust
  readonly against?: readonly Foreign[]
  readonly remembered: Frontier | null
  /** How many entries the source may lack of what is remembered: an archive follows the table. */
  readonly lagMax?: number
  readonly faults: FaultList
  readonly warnings: FaultList
  readonly grow: Grow
}): CheckpointJudge {
  const earlier: Earlier[] = remembered && remembered.size < begin ? [{ name: "the signer's memory", size: remembered.size, root: rootOf(remembered) }] : []
  const foreign = openForeign({ against, trust, begin, faults, earlier })
  const own = ownCheckpoints(source, newest, begin)
  let held: Held = { checkpoints: 0, signedSize: begin, vouchedSize: begin, vouched: null, seen: 0, strayed: false, witnessed: null, words: null }

  async function next(): Promise<Due | null> {
    const [ours, theirs] = [await own.peek(), foreign[0]]
    if (!theirs || (ours && ours.size <= theirs.size)) return ours && { ...ours, from: null }
    return theirs
  }

  async function drop({ from, size }: Due): Promise<void> {
    if (from === null) {
      held = { ...held, seen: held.seen + (size > 0 ? 1 : 0) }
      await own.drop()
    } else foreign.shift()
  }

  /** What a due checkpoint says, its signature verified; a fault and null otherwise. */
  function believed({ size, note, from }: Due): Believed | null {
    const opened = trust.open(note)
    if (opened.ok && opened.value.checkpoint.size === size) return opened.value
    const where = from === null ? '' : ` in ${from}`
    faults.add(`the checkpoint of size ${size}${where} ${opened.ok ? `does not carry the signature of ${trust.name}` : opened.refusal}`)
    return null
  }

  async function compare(tree: Frontier): Promise<void> {
    let ours: Uint8Array | null = null
    for (let due = await next(); due && due.size <= tree.size; due = await next()) {
      await drop(due)
      const found = believed(due)
      if (!found) continue
      const { root } = found.checkpoint
      if (due.from === null) ours = root
      if (sameBytes(root, rootOf(tree))) {
        held = holding(held, due, found, tree)
        if (due.frontier && !sameBytes(due.frontier, frontierBytes(tree)))
          faults.add(`the tree kept beside the checkpoint of size ${due.size} is not the one that it signs`)
      } else if (due.from !== null) faults.add(forked(due, ours !== null && !sameBytes(ours, root) ? source.name : null))
      else if (!held.strayed) {
        // Every later root differs too: the first says where.
        held = { ...held, strayed: true }
        faults.add(
          `entries ${held.signedSize} to ${tree.size - 1} are not those that were signed: their root is not that of the checkpoint of size ${tree.size}`,
        )
      }
    }
    if (remembered && remembered.size === tree.size && !sameBytes(rootOf(remembered), rootOf(tree)))
      faults.add(`the first ${tree.size} entries are not those that the signer remembers`)
  }

  async function through(from: Frontier, leaves: readonly Uint8Array[]): Promise<Frontier> {
    let tree = from
    for (let at = 0; at < leaves.length; ) {
      const stops = [(await next())?.size ?? Infinity, remembered?.size ?? Infinity].filter((size) => size > tree.size)
      const end = Math.min(leaves.length, ...stops.map((size) => at + size - tree.size))
      tree = grow(tree, leaves.slice(at, end))
      at = end
      if (stops.includes(tree.size)) await compare(tree)
    }
    return tree
  }

  async function finish(size: number): Promise<Held> {
    let largest = remembered?.size ?? 0
    for (let due = await next(); due; due = await next()) {
      await drop(due)
      if (!believed(due)) continue
      if (due.from === null) largest = Math.max(largest, due.size)
      else if (due.size > size)
        faults.add(`the checkpoint in ${due.from} names ${due.size} entries, but only ${size} stand in unbroken order: entries are gone`)
    }
    const behind = (remembered?.size ?? 0) - size
    if (behind > 0 && behind <= lagMax && largest === remembered?.size)
      warnings.add(`the signer remembers ${largest} entries, ${source.name} has ${size}: it lags behind, and what it lacks was not verified`)
    else if (largest > size) faults.add(`${largest} entries were signed, but only ${size} stand in unbroken order: entries are gone`)
    return held
  }

  return { through, compare, finish, held: () => held, earlier }
}

function holding(held: Held, { size, from }: Due, { quorum }: Believed, tree: Frontier): Held {
  return {
    ...held,
    checkpoints: held.checkpoints + (from === null ? 1 : 0),
    signedSize: size,
    ...((quorum === null || quorum.met) && { vouchedSize: size, vouched: tree }),
    witnessed: quorum?.met ? { size, words: quorum.words } : held.witnessed,
    words: quorum?.words ?? null,
  }
}

const forked = ({ size, from }: Due, both: string | null): string =>
  both === null
    ? `the checkpoint of size ${size} in ${from} is signed over another tree than these entries: the log was forked or rewritten before entry ${size}`
    : `two trees of ${size} entries were signed, one in ${both}, the other in ${from}: the log was forked before entry ${size}`

/** Those from elsewhere by size, as far as their text says one; whoever signed nothing condemns nothing, but is told. Those below `begin` go to `earlier`. */
function openForeign({
  against,
  trust,
  begin,
  faults,
  earlier,
}: {
  readonly against: readonly Foreign[]
  readonly trust: Trust
  readonly begin: number
  readonly faults: FaultList
  readonly earlier: Earlier[]
}): Due[] {
  const due: Due[] = []
  for (const { name, note } of against) {
    const opened = trust.open(note)
    if (!opened.ok) faults.add(`the checkpoint in ${name} ${opened.refusal}`)
    else if (opened.value.checkpoint.size < begin) earlier.push({ name, size: opened.value.checkpoint.size, root: opened.value.checkpoint.root })
    else due.push({ size: opened.value.checkpoint.size, from: name, note, frontier: null })
  }
  return due.sort((a, b) => a.size - b.size)
}

/** The source's own, one after another. */
function ownCheckpoints(source: Pick<LogSource, 'checkpoints'>, newest: number, begin: number) {
  let page: readonly StoredCheckpoint[] = []
  let at = 0
  let nextSize = begin > 0 ? begin : Number.MIN_SAFE_INTEGER

  async function peek(): Promise<StoredCheckpoint | null> {
    if (at >= page.length && nextSize <= newest) {
      page = (await source.checkpoints(nextSize, PAGE_CHECKPOINTS)).filter(({ size }) => size <= newest)
      at = 0
      nextSize = page.length === 0 ? Infinity : (page.at(-1)?.size ?? 0) + 1
    }
    return page[at] ?? null
  }

  return {
    peek,
    drop: async () => {
      await peek()
      at += 1
    },
  }
}
