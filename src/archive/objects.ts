import type { Outcome } from '../base/outcome.ts'
import type { ArchiveRefusal } from './refusal.ts'

/** The one object that changes: the newest published checkpoint. */
export const CHECKPOINT = 'checkpoint'

/** Paths a listing gives at once. */
export const LIST_PAGE = 1000

/** `written`: this call made it durable. `stood`: the same bytes were there already, and are durable. */
export type Put = 'written' | 'stood'

/**
 * Where the published log lies, at the paths of C2SP tlog-tiles: a port, kept by `folder.ts` and `bucket.ts`; `objects.contract.ts` tests
 * whoever keeps it.
 *
 * Atomicity. A reader sees all bytes of an object or none, whatever is killed while it is written: never a part, never a name without bytes.
 * Durability. What `put` has confirmed survives a crash of any process and of the machine.
 * Immutability. Once written, an object never changes: the same bytes again are `stood`, others are refused as `conflict` and change nothing.
 * Of several that put at once, one wins and the others are judged against it. Only `checkpoint` is replaced, whole, by each put; whoever
 * reads it meanwhile gets the old one or the new one. There must be one writer of it at a time: the port does not compare.
 * Removal. Only a partial tile or partial bundle can be removed; of any other path `removePartial` throws. A removal that a crash undoes is no harm.
 * Listing. Ascending by character code, only what a reader could get; what was confirmed before the call is in it.
 * Refusals. What the keeper says, with cause and next step. After one, the outcome of that `put` is unknown: whole or not at all.
 * Concurrency. All calls may be made at once, from several processes.
 */
export type Objects = {
  /** The bytes at this path, or null when nothing stands there. */
  readonly get: (path: string) => Promise<Outcome<Uint8Array | null, ArchiveRefusal>>
  readonly put: (path: string, bytes: Uint8Array) => Promise<Outcome<Put, ArchiveRefusal>>
  /** Up to `LIST_PAGE` paths that begin with `prefix` and come after `after`; fewer than a page, none included, is the end. */
  readonly list: (prefix: string, after: string) => Promise<Outcome<readonly string[], ArchiveRefusal>>
  /** Removes a partial tile or bundle, if it is there. When that is allowed is the caller's to know (C2SP tlog-tiles, "Partial Tiles"). */
  readonly removePartial: (path: string) => Promise<Outcome<null, ArchiveRefusal>>
}

/** Throws on a path that is none: empty parts, parts that begin with a dot, letters that some file system or URL would change. */
export function assertPath(path: string): void {
  if (!/^[a-z0-9_-][a-z0-9._-]*(\/[a-z0-9_-][a-z0-9._-]*)*$/.test(path)) throw new Error(`\`${path}\` is no path of an archive`)
}

/** INVARIANT: nothing else is ever removed from an archive. */
export function assertPartial(path: string): void {
  assertPath(path)
  if (!/^tile\/.+\.p\/[1-9][0-9]{0,2}$/.test(path)) throw new Error(`\`${path}\` is no partial tile, and nothing else is removed`)
}
