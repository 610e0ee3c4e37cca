/** How servers have been seen to break Object Lock while answering as if they kept it. All false: as S3 does it. */
export type Lies = {
  /** DELETE of a locked version succeeds (SeaweedFS, issues 7194 and 11333). */
  deletesLocked: boolean
  /** Only the multi-object delete forgets the lock (moto, issue 8017). */
  deletesLockedInBulk: boolean
  /** Answers AccessDenied, and deletes. */
  deniesYetDeletes: boolean
  /** Takes the headers, keeps no retention. */
  ignoresRetention: boolean
  /** Lets COMPLIANCE be shortened, changed or taken off. */
  shortens: boolean
  /** Lets COMPLIANCE be bypassed like GOVERNANCE. */
  bypassesCompliance: boolean
  /** A legal hold holds nothing. */
  ignoresHold: boolean
  /** Taking a legal hold off takes the retention off with it. */
  holdReleasesRetention: boolean
  /** A put replaces the version that stands. */
  overwritesInPlace: boolean
  /** Object Lock is NotImplemented (MinIO on a plain file system). */
  knowsNoLock: boolean
  /** Takes If-None-Match and overwrites all the same. */
  ignoresConditions: boolean
}

export const HONEST: Readonly<Lies> = {
  deletesLocked: false,
  deletesLockedInBulk: false,
  deniesYetDeletes: false,
  ignoresRetention: false,
  shortens: false,
  bypassesCompliance: false,
  ignoresHold: false,
  holdReleasesRetention: false,
  overwritesInPlace: false,
  knowsNoLock: false,
  ignoresConditions: false,
}
