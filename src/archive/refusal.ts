/**
 * Every way the archive says no.
 * `conflict`: other bytes stand where an immutable object was to be written. `broken`: what was read does not fit what was signed or published.
 * `denied`, `missing`, `unreachable`, `unsupported`, `rejected`: what the folder or bucket answered. `failed`: anything else.
 */
export type ArchiveRefusalCode = 'conflict' | 'broken' | 'denied' | 'missing' | 'unreachable' | 'unsupported' | 'rejected' | 'failed'

/** `detail` says what and where, `next` what to do: lower case, no full stop, no secret. */
export type ArchiveRefusal = { readonly code: ArchiveRefusalCode; readonly detail: string; readonly next: string }

/** What was read contradicts what was signed or published before: nothing may be published over it. */
export const brokenArchive = (detail: string): ArchiveRefusal => ({
  code: 'broken',
  detail,
  next: 'stop, keep database and archive as they are, and run `gatehouse journal verify` over both',
})

export const conflict = (path: string): ArchiveRefusal => ({
  code: 'conflict',
  detail: `other bytes stand at \`${path}\`, which never changes once written`,
  next: 'keep both as they are and find out who wrote the other: two logs share this archive, or one of them was forged',
})
