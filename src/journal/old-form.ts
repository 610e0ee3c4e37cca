import { sameBytes, utf8 } from '../base/bytes.ts'

const LAST_MEMBER = utf8('"v":1}')

/**
 * Whether the body of an entry is spelled as before there were events, as `parseRecorded` would tell (`v` 1), without taking it apart: `v` comes last of
 * that form's members in RFC 8785's order, and an event has no such member of its own. Says nothing of what is no entry.
 */
export const isOldForm = (body: Uint8Array): boolean => sameBytes(body.subarray(-LAST_MEMBER.length), LAST_MEMBER)

/** What is wrong with an entry in that form after `event`, which is none: signer and verifier say it alike. */
export const oldFormFault = (index: number, event: number): string =>
  `entry ${index} is spelled as before there were events, and comes after entry ${event}: nothing writes such entries any more`
