import { sameBytes, toBase64 } from '../base/bytes.ts'
import type { Frontier } from '../log/frontier.ts'
import { EMPTY_FRONTIER, extend, rootOf } from '../log/frontier.ts'
import { HASH_BYTES } from '../log/leaf.ts'
import type { VerifierKey } from '../log/note-key.ts'
import { gapFault, type Readable } from './check-entry.ts'
import { checkpointJudge, type Foreign, type Held } from './checkpoint-judge.ts'
import type { EntryStore } from './entry-store.ts'
import { type FaultList, faultList } from './fault-list.ts'
import { oldFormFault } from './old-form.ts'
import type { LogSource, SourceEntry, SourcePage } from './source.ts'
import { storeSource } from './source-store.ts'
import { holdEarlier } from './verify-earlier.ts'
import { type Inspect, type Inspection, inspectHere } from './verify-inspect.ts'
import { lackingLeaves } from './verify-kept.ts'
import { type PayloadOf, type Payloads, payloadCheck } from './verify-payload.ts'
import { type Tail, type TailWatch, tailWatch, UNSIGNED_MS_MAX, UNWITNESSED_MS_MAX } from './verify-tail.ts'
import { type TileCheck, tileCheck } from './verify-tiles.ts'
import { timeCheck } from './verify-time.ts'
import { type Trust, trustKey } from './verify-trust.ts'

/** Pages on their way through inspection at once: enough for every thread, few enough for the memory. */
const PAGES_AHEAD = 6

/** What a verification found: `ok` only without faults. `root` (base64) is that of the bodies as they are, not as they should be. */
export type Report = {
  readonly ok: boolean
  readonly source: string
  readonly log: string
  /** Entries recomputed, with `from` those that an earlier run had; fewer than the source names when some are missing. */
  readonly size: number
  /** Entries that an earlier verification read and this one took from its memory. */
  readonly from: number
  /** Entries below this have left the source and were read from the archive behind it. */
  readonly pruned: number
  /** Of a copy under lock, which has full bundles alone: entries that its newest checkpoint covers and that are not in it. Null for any other copy. */
  readonly lacking: number | null
  readonly root: string
  /** Of the source's own checkpoints, how many were read whose signature and root hold. */
  readonly checkpoints: number
  /** Entries after the newest that held: nobody has signed for them yet. */
  readonly unsignedTail: number
  /** Entries after the newest that held with the policy's quorum; null where no policy was given. */
  readonly unwitnessedTail: number | null
  /** The newest checkpoint that held and has the policy's quorum; null where no policy was given, or none has. */
  readonly witnessed: Held['witnessed']
  /** Tiles of hashes that were compared; null where the source has none. */
  readonly tiles: number | null
  /** Null where payloads were not looked at: no digest of theirs was checked. */
  readonly payloads: Payloads | null
  /** Each says what is wrong and where, in a sentence. */
  readonly faults: readonly string[]
  /** What a reader should know though nothing is wrong with the log itself. */
  readonly warnings: readonly string[]
}

export type LogVerification = {
  readonly source: LogSource
  readonly trust: Trust
  /** Checkpoints from elsewhere: without any, a source that was cut back together with its own looks whole. */
  readonly against?: readonly Foreign[]
  /** A tree that the signer itself remembers to have signed. */
  readonly remembered?: Frontier | null
  /** Entries that the source may lack of what the signer remembers; none otherwise. */
  readonly lagMax?: number
  /** What is wanted of entries that nobody has signed, or no quorum seen; `due` otherwise. */
  readonly tail?: Tail
  /** A tree that an earlier verification found, kept where nobody else writes: only what came after is read. */
  readonly from?: Frontier
  readonly inspect?: Inspect
  readonly payloadOf?: PayloadOf | null
  /** Milliseconds since the epoch; null where no clock is to be believed. */
  readonly now?: number | null
  readonly onProgress?: (progress: { readonly verified: number; readonly size: number }) => void
}

/** `tree`: of all entries there are. `vouched`: of those that the newest checkpoint covers that held and, with a policy, had its quorum: what may be remembered. */
type Verified = { readonly report: Report; readonly tree: Frontier; readonly vouched: Frontier }

const UNSAID = { against: [], remembered: null, lagMax: 0, tail: 'due', from: EMPTY_FRONTIER, payloadOf: null, now: null, onProgress: () => undefined } as const

/**
 * Recomputes a copy of the journal from its bodies: every leaf, order and density, what is kept of hashes beside them, every checkpoint's signature and root,
 * each entry's form, its payload where one can be reached. In constant memory, and while others append: it judges the entries that were there when it began.
 * Whoever keeps the source is the attacker; the keys are ours. Also the tree it found, for the next time. A page ahead is being read and inspected meanwhile.
 */
export async function verifyLog(given: LogVerification): Promise<Verified> {
  const { source, trust, against, remembered, lagMax, tail, from, inspect, payloadOf, now, onProgress } = { ...UNSAID, inspect: inspectHere(), ...given }
  const [faults, warnings] = [faultList(), faultList()]
  const tiles = source.tiles && tileCheck({ read: source.tiles, faults })
  const payloads = payloadOf && payloadCheck({ payloadOf, faults })
  const times = timeCheck({ warnings, now })
  const events = eventCheck(from.size > 0 ? from.size - 1 : null, faults)
  const { size, newest, pruned, lacking, fault, doubt } = await source.claim()
  if (fault !== null) faults.add(fault)
  for (const one of [doubt, ...against.map((foreign) => foreign.doubt)]) if (one !== undefined) warnings.add(one)
  const judge = checkpointJudge({
    source,
    newest: newest?.size ?? -1,
    begin: from.size,
    trust,
    against,
    remembered,
    lagMax,
    faults,
    warnings,
    grow: tiles?.grow ?? extend,
  })
  if (size < from.size) faults.add(`${from.size} entries were verified earlier, but ${source.name} names only ${size}: entries are gone`)
  const unsigned = tailWatch({ tail, msMax: UNSIGNED_MS_MAX, lack: 'under no checkpoint that holds' })
  const unwitnessed = trust.wantsQuorum ? tailWatch({ tail, msMax: UNWITNESSED_MS_MAX, lack: "under no checkpoint with the policy's quorum" }) : null
  let tree = from
  let told = 0
  await judge.compare(tree)
  for await (const { entries, inspection, gap } of inspected(source, tree.size, size, (bodies) => inspect(bodies, { payloads: payloads !== null }))) {
    const first = tree.size
    const leaves = checkedLeaves(entries, inspection, faults)
    times(first, inspection)
    await payloads?.check(first, inspection)
    events(first, inspection)
    tree = await judge.through(tree, leaves)
    unsigned.pass(first, inspection.times, judge.held().signedSize)
    unwitnessed?.pass(first, inspection.times, judge.held().vouchedSize)
    await tiles?.settle()
    if (inspection.pruned < first + entries.length) told = Math.max(told, inspection.pruned)
    onProgress({ verified: tree.size, size })
    if (gap !== null) faults.add(gap)
  }
  const whole = lacking && tree.size === size ? await judge.through(tree, await lackingLeaves(source, { size, lacking, faults })) : tree
  const compared = await finishTiles(tiles, whole, size + (lacking ?? 0))
  await source.loose(tree, from.size, faults)
  // Who goes on from an earlier verification has not read what was told before.
  const gone = `entries below ${pruned} are gone from ${source.name}`
  if (pruned > told) (from.size === 0 ? faults : warnings).add(`${gone}, and no entry ${from.size === 0 ? '' : 'that was read '}says that they were pruned`)
  const held = await judge.finish(whole.size)
  if (trust.wantsQuorum && tree.size > 0 && !held.witnessed) faults.add(`no checkpoint that holds has the quorum of the policy: ${held.words ?? 'none holds'}`)
  payloads?.finish()
  await holdEarlier({ earlier: judge.earlier, source, tree, faults })
  if (tail !== 'unsigned') for (const sentence of tailFaults({ held, size: whole.size, now, unsigned, unwitnessed })) faults.add(sentence)
  const lacks = lacking === null ? null : size + lacking - tree.size
  const report = reportOf({ source, trust, from, tree, whole, held, pruned, lacks, compared, payloads: payloads?.counts() ?? null, faults, warnings })
  const vouched = held.vouched ?? from
  return { report, tree, vouched: vouched.size > tree.size ? tree : vouched }
}

type Tails = { readonly held: Held; readonly size: number; readonly now: number | null; readonly unsigned: TailWatch; readonly unwitnessed: TailWatch | null }

/** Entries that nobody vouches for and somebody should by now: a journal that was rewritten has no checkpoint that holds. */
function tailFaults({ held, size, now, unsigned, unwitnessed }: Tails): readonly string[] {
  // Told already, with the place.
  if (held.strayed) return []
  if (held.signedSize === 0)
    return size > 0 && held.seen === 0 ? [`no checkpoint covers any of the ${size} entries: whoever keeps them may have written them`] : []
  const found = unsigned.fault(held.signedSize, size, now) ?? (held.vouchedSize > 0 ? unwitnessed?.fault(held.vouchedSize, size, now) : null)
  return found ? [found] : []
}

type Findings = Pick<LogVerification, 'source' | 'trust'> & {
  readonly from: Frontier
  readonly tree: Frontier
  /** With those whose hashes alone are there. */
  readonly whole: Frontier
  readonly held: Held
  readonly pruned: number
  readonly lacks: number | null
  readonly compared: number | null
  readonly payloads: Payloads | null
  readonly faults: FaultList
  readonly warnings: FaultList
}

function reportOf({ source, trust, from, tree, whole, held, pruned, lacks, compared, payloads, faults, warnings }: Findings): Report {
  const found = faults.sentences()
  return {
    ok: found.length === 0,
    source: source.name,
    log: trust.name,
    size: tree.size,
    from: from.size,
    pruned,
    lacking: lacks,
    root: toBase64(rootOf(tree)),
    checkpoints: held.checkpoints,
    unsignedTail: whole.size - held.signedSize,
    unwitnessedTail: trust.wantsQuorum ? whole.size - held.vouchedSize : null,
    witnessed: held.witnessed,
    tiles: compared,
    payloads,
    faults: found,
    warnings: warnings.sentences(),
  }
}

export type Verification = {
  readonly store: Pick<EntryStore, 'head' | 'read' | 'latestCheckpoint' | 'checkpoints'>
  readonly vkey: VerifierKey
  /** As `LogVerification`'s. */
  readonly remembered?: Frontier | null
  /** Another notion of a readable entry: only tests of the layers below have one. */
  readonly readable?: Readable
  readonly inspect?: Inspect
  readonly tail?: Tail
  readonly onProgress?: (progress: { readonly verified: number; readonly size: number }) => void
}

/** `verifyLog` of the journal's own table, by the log's key alone. @internal */
export async function verifyJournal({ store, vkey, readable, ...rest }: Verification): Promise<Report> {
  const inspect =
    rest.inspect ??
    inspectHere(readable && ((body) => (readable(body) ? { at: Number.NaN, node: '', payload: null, old: false, erased: null, pruned: null } : null)))
  const tail = rest.tail ?? (readable ? 'unsigned' : 'due')
  return (await verifyLog({ source: storeSource(store), trust: trustKey(vkey), ...rest, tail, inspect })).report
}

type Inspected = { readonly entries: readonly SourceEntry[]; readonly inspection: Inspection; readonly gap: string | null }

/** The source's entries as far as they are dense, inspected, in order; the last with the sentence why none follow. */
async function* inspected(
  source: LogSource,
  from: number,
  to: number,
  inspect: (bodies: readonly Uint8Array[]) => ReturnType<Inspect>,
): AsyncGenerator<Inspected> {
  const ahead: Promise<Inspected>[] = []
  let index = from
  for await (const page of source.pages(from, to)) {
    const { entries, gap } = dense(page, index)
    index += entries.length
    const working = inspect(entries.map(({ body }) => body)).then((inspection) => ({ entries, inspection, gap }))
    // Rejections are met when its turn comes.
    working.catch(() => undefined)
    ahead.push(working)
    if (gap !== null) break
    if (ahead.length >= PAGES_AHEAD) yield (await ahead.shift()) as Inspected
  }
  for (const working of ahead) yield await working
}

function dense({ entries, fault }: SourcePage, from: number): { readonly entries: readonly SourceEntry[]; readonly gap: string | null } {
  const at = entries.findIndex((entry, i) => entry.index !== from + i)
  const next = entries[at]
  return next ? { entries: entries.slice(0, at), gap: `${gapFault(from + at, next.index)}: nothing after can be verified` } : { entries, gap: fault }
}

/** Once there are events, no entry is spelled as before: the older form says less, and nobody writes it. `event`: an entry that is known to be one. */
function eventCheck(event: number | null, faults: FaultList): (first: number, inspection: Inspection) => void {
  let known = event
  return (first, { old, firstEvent }) => {
    if (firstEvent !== null) known = Math.min(known ?? Infinity, first + firstEvent)
    for (const at of old) if (known !== null && first + at > known) faults.add(oldFormFault(first + at, known))
  }
}

/** Each entry's leaf hash, out of its body; faults where the source keeps another, or where the body is no entry. */
function checkedLeaves(entries: readonly SourceEntry[], { leaves, unreadable }: Inspection, faults: FaultList): readonly Uint8Array[] {
  const hashes = entries.map((_, i) => leaves.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
  const broken = new Set(unreadable)
  for (const [i, { index, leaf }] of entries.entries()) {
    if (leaf && !sameBytes(leaf, hashes[i] as Uint8Array)) faults.add(`entry ${index} does not match its leaf hash: its body or its hash was altered`)
    else if (broken.has(i)) faults.add(`entry ${index} is not one that this version could have written`)
  }
  return hashes
}

/** Where entries are missing, the last tiles are not those that the source claims: only full ones could be compared. */
const finishTiles = (tiles: TileCheck | null, tree: Frontier, size: number): Promise<number | null> =>
  tiles ? tiles.finish(tree.size === size ? size : null) : Promise.resolve(null)
