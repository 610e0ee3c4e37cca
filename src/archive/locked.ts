import type { Outcome } from '../base/outcome.ts'
import type { ArchiveRefusal } from './refusal.ts'

/** COMPLIANCE: nobody removes or weakens it before its time. GOVERNANCE: whoever has the permission may. `untilMs` since the Unix epoch. */
export type Lock = { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly untilMs: number }

/**
 * A store that keeps every version of an object and locks versions for a time: a port, kept by `locked-bucket.ts`. What it promises is only what
 * the server says; `worm-probe.ts` tries whether it is so.
 *
 * Versions. A put never changes a version that stands; it adds one, and returns its id. A newer version or a delete marker hides the older from who
 * asks without an id, so nothing here reads without one. Durability. What `put` has confirmed survives.
 */
export type LockedObjects = {
  /** The id of the new version. `unsupported` when the store makes no versions or knows no locks. */
  readonly put: (key: string, bytes: Uint8Array, lock: Lock) => Promise<Outcome<string, ArchiveRefusal>>
  /** The bytes of that version, or null when it is not there. */
  readonly get: (key: string, version: string) => Promise<Outcome<Uint8Array | null, ArchiveRefusal>>
  /** The lock of that version, or null when it has none. */
  readonly lockOf: (key: string, version: string) => Promise<Outcome<Lock | null, ArchiveRefusal>>
  /** When the server took that version in, by its own clock, which nobody who uploads can set; null when it is not there. */
  readonly storedAt: (key: string, version: string) => Promise<Outcome<number | null, ArchiveRefusal>>
  /** Some keys that begin with `prefix` and come after `after`, ascending, of which any version stands, hidden by a delete marker or not; none is the end. */
  readonly list: (prefix: string, after: string) => Promise<Outcome<readonly string[], ArchiveRefusal>>
  /** The ids of all versions of exactly this key, newest first, delete markers left out. */
  readonly versions: (key: string) => Promise<Outcome<readonly string[], ArchiveRefusal>>
}

/** Whether the governance bypass is asked for. */
export type Bypass = { readonly bypass: boolean }

/** What an attacker with credentials would ask of a locked store. Only the probe holds this, over canaries of its own. */
export type LockAssault = {
  /** A delete without a version. */
  readonly hide: (key: string) => Promise<Outcome<null, ArchiveRefusal>>
  readonly remove: (key: string, version: string, how: Bypass) => Promise<Outcome<null, ArchiveRefusal>>
  /** The same by the call that deletes many objects at once, with bypass. */
  readonly removeInBulk: (key: string, version: string) => Promise<Outcome<null, ArchiveRefusal>>
  /** Another lock in place of the one it has; null takes it off. */
  readonly relock: (key: string, version: string, lock: Lock | null, how: Bypass) => Promise<Outcome<null, ArchiveRefusal>>
  readonly hold: (key: string, version: string, on: boolean) => Promise<Outcome<null, ArchiveRefusal>>
}
