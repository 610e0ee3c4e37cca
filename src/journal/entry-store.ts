/** Number of entries, and the roots of the complete subtrees over them (log/frontier.ts), as stored: nothing is verified. `epoch` counts who took the head. */
export type Head = { readonly size: number; readonly frontier: Uint8Array; readonly epoch: number }

/** One entry as stored: whether `leaf` is the hash of `body` is for the reader to see. */
export type StoredEntry = { readonly index: number; readonly leaf: Uint8Array; readonly body: Uint8Array }

/** A ciphertext that an entry names by its SHA-256, kept beside it, with the keys it was sealed under. `class` is for its retention. */
export type Payload = { readonly keyIds: readonly string[]; readonly class: string; readonly ciphertext: Uint8Array }

/** Entries to follow the first `expectedSize`, whose tree has this frontier, in order, and the frontier of the tree with them. Never empty. `more`: another batch follows at once. */
export type Batch = {
  readonly expectedSize: number
  readonly expectedFrontier: Uint8Array
  readonly epoch: number
  readonly more: boolean
  readonly bodies: readonly Uint8Array[]
  /** What these entries name, ascending by their places in `bodies`. */
  readonly payloads: readonly { readonly at: number; readonly payload: Payload }[]
  readonly leaves: readonly Uint8Array[]
  readonly frontier: Uint8Array
}

/** A signed note over the first `size` entries, and the frontier of that tree; null in a log from before these were kept. Neither is verified. */
export type StoredCheckpoint = { readonly size: number; readonly note: string; readonly frontier: Uint8Array | null }

/**
 * `appended`: all of the batch is durable and the head moved. `yielded`: so too, and another writer waits for the head. `moved`: somebody
 * else had moved or taken the head, nothing was written.
 * `disk_failed`: the database says that its disk is full or broken; nothing was written, and nothing may be taken for durable any more.
 */
export type Appended = 'appended' | 'yielded' | 'moved' | 'disk_failed'

/**
 * Where the journal's entries lie: a port, kept by `store/journal-store.ts`; `entry-store.contract.ts` tests whoever keeps it.
 *
 * Durability. What `append` and `saveCheckpoint` have confirmed survives a crash of any process and of the machine.
 * Atomicity. A batch, its payloads and the move of the head are seen together or not at all, by everyone, whatever is killed.
 * Order. The entries of a batch get the indices from `expectedSize` on. There are no gaps, and no index is written twice.
 * Compare-and-swap. A batch is written only onto a head of exactly `expectedSize`, `expectedFrontier` and `epoch`: on the entries that it was made for, whatever was
 * sent before it and whatever became of that. Of those that race, one is `appended`, the others `moved`.
 * Turns. `take` begins a new epoch, so that whoever had the head before appends no more; null while another is in the middle of several batches,
 * who then learns that somebody waits and yields after those that are under way. Who holds the head and neither appends nor yields for `idleMs` loses it.
 * A crash may forget a turn in which nothing was appended, and its epoch comes again: so turns are for who writes next, and never for what may be written.
 * Errors. A call that rejects has an unknown outcome: the batch may be there, may come yet, or never. Whoever appends next must
 * read the head again; the swap then lets only one of the two be.
 * Concurrency. All calls may be made at once, from several processes. Reads see what was confirmed before they began. Of appends that one caller sends without
 * waiting, the second on the size that the first makes, each is best asked of the server in its order: one that overtakes is `moved`.
 */
export type EntryStore = {
  readonly take: (writer: string, idleMs: number) => Promise<Head | null>
  readonly head: () => Promise<Head>
  readonly append: (batch: Batch) => Promise<Appended>
  /** Up to `limit` entries from index `from` on, ascending; fewer at the end. */
  readonly read: (from: number, limit: number) => Promise<readonly StoredEntry[]>
  /** The checkpoint of the largest size. */
  readonly latestCheckpoint: () => Promise<StoredCheckpoint | null>
  /** Up to `limit` checkpoints from size `from` on, ascending by size. */
  readonly checkpoints: (from: number, limit: number) => Promise<readonly StoredCheckpoint[]>
  /** The first write for a size stays; a later one changes nothing. */
  readonly saveCheckpoint: (checkpoint: StoredCheckpoint) => Promise<void>
}
