import { randomBytes } from 'node:crypto'
import { S3Error } from './error.ts'
import type { Lies } from './lies.ts'

export type Retention = { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly untilMs: number }

/** `bytes` is null for a delete marker. */
export type Version = {
  readonly id: string
  readonly key: string
  readonly bytes: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
  readonly modifiedMs: number
  readonly retention: Retention | null
  /** Null until somebody first sets it. */
  readonly hold: 'ON' | 'OFF' | null
}

export type BucketKind = {
  /** Object Lock, which is there from the bucket's making or never, and needs versioning. */
  readonly lock?: boolean
  readonly versioning?: boolean
  readonly defaultRetention?: { readonly mode: Retention['mode']; readonly days: number }
}

/** Whoever may do it by permission and asked for it by header. */
export type Bypass = boolean

/** A bucket's versions and the rules of Object Lock over them; `lies` break the rules as servers have been seen to. */
export type Bucket = {
  readonly kind: BucketKind
  /** Newest first; none when the key never was. */
  readonly versionsOf: (key: string) => readonly Version[]
  readonly keys: () => readonly string[]
  readonly put: (version: Omit<Version, 'id' | 'modifiedMs'>) => Version
  /** Adds a marker, or without versioning removes for good. The marker, if one was made. */
  readonly hide: (key: string) => Version | null
  /** Removes this version for good, or throws what keeps it. */
  readonly remove: (key: string, id: string, bypass: Bypass, many: boolean) => Version | null
  readonly retain: (version: Version, retention: Retention | null, bypass: Bypass) => void
  readonly hold: (version: Version, status: 'ON' | 'OFF') => void
}

const newVersionId = (): string => randomBytes(24).toString('base64url').replaceAll('-', '.')
const locked = (): S3Error => new S3Error('AccessDenied', 'Access Denied because object protected by object lock.')

export function makeBucket(kind: BucketKind, { lies, now }: { readonly lies: Lies; readonly now: () => number }): Bucket {
  const versions = new Map<string, readonly Version[]>()
  const versioned = kind.versioning === true || kind.lock === true
  const versionsOf = (key: string): readonly Version[] => versions.get(key) ?? []
  const set = (key: string, list: readonly Version[]): void => void (list.length > 0 ? versions.set(key, list) : versions.delete(key))
  const replace = (old: Version, next: Version): void =>
    set(
      old.key,
      versionsOf(old.key).map((one) => (one === old ? next : one)),
    )

  function add(version: Omit<Version, 'id' | 'modifiedMs'>): Version {
    const [latest] = versionsOf(version.key)
    const inPlace = lies.overwritesInPlace && latest !== undefined
    const made = { ...version, id: inPlace ? latest.id : versioned ? newVersionId() : 'null', modifiedMs: now() }
    set(version.key, versioned && !inPlace ? [made, ...versionsOf(version.key)] : [made])
    return made
  }

  /** INVARIANT of COMPLIANCE: nobody, by whatever permission, removes the version before its time. */
  function guard(version: Version, bypass: Bypass): void {
    if (version.hold === 'ON' && !lies.ignoresHold) throw locked()
    const { retention } = version
    if (retention === null || retention.untilMs <= now()) return
    if (retention.mode === 'GOVERNANCE' || lies.bypassesCompliance ? !bypass : true) throw locked()
  }

  function remove(key: string, id: string, bypass: Bypass, many: boolean): Version | null {
    const version = versionsOf(key).find((one) => one.id === id)
    if (version === undefined) return null
    const gone = (): void =>
      set(
        key,
        versionsOf(key).filter((one) => one !== version),
      )
    if (lies.deniesYetDeletes) gone()
    if (!lies.deletesLocked && !(many && lies.deletesLockedInBulk)) guard(version, bypass)
    gone()
    return version
  }

  function retain(version: Version, retention: Retention | null, bypass: Bypass): void {
    const old = version.retention
    const live = old !== null && old.untilMs > now() && !lies.shortens
    const extends_ = old !== null && retention !== null && retention.mode === old.mode && retention.untilMs >= old.untilMs
    if (live && !extends_ && (old.mode === 'COMPLIANCE' && !lies.bypassesCompliance ? true : !bypass)) throw locked()
    replace(version, { ...version, retention: lies.ignoresRetention ? null : retention })
  }

  return {
    kind,
    versionsOf,
    keys: () => [...versions.keys()].toSorted((a, b) => (a < b ? -1 : 1)),
    put: (version) => {
      const byDefault = kind.defaultRetention && { mode: kind.defaultRetention.mode, untilMs: now() + kind.defaultRetention.days * 86_400_000 }
      return add({ ...version, retention: lies.ignoresRetention ? null : (version.retention ?? byDefault ?? null) })
    },
    hide: (key) => {
      if (versioned) return add({ key, bytes: null, headers: {}, retention: null, hold: null })
      versions.delete(key)
      return null
    },
    remove,
    retain,
    hold: (version, status) => {
      // A server once kept one flag for both locks: taking the hold off took the retention with it.
      const retention = lies.holdReleasesRetention && status === 'OFF' ? null : version.retention
      replace(version, { ...version, hold: status, retention })
    },
  }
}
