import type { Json } from '../base/canonical.ts'

/**
 * What one row of our database grants, in full: whatever of it counts stands in `state`. `subject` names the row, the same for as long as it lives:
 * `device:d-1`. `until`: milliseconds since the epoch after which it grants nothing. `of`: subjects it hangs on; when one of them changes or ends,
 * it grants nothing any more. `open`: the digest of `state` is no secret and others than the gate may compute it.
 */
export type Grant = {
  readonly subject: string
  readonly state: Json
  readonly until?: number
  readonly of?: readonly string[]
  readonly open?: true
}

/** What an entry does to what is granted: grants, or ends for good. */
export type GrantChange = Grant | { readonly ends: string }
