import { utf8 } from '../../base/bytes.ts'
import { hmac } from '../../base/digest.ts'
import { base32 } from '../../base/id.ts'

/** Whose values stand or fall together. `house`: nobody's own, such as addresses of strangers: never erased, only outlived by retention. */
export type SubjectKind = 'person' | 'account' | 'house'
/** By its own identifier: `person:anna`, `account:ACME`. */
export type SubjectRef = `${SubjectKind}:${string}`

const LETTER: { readonly [K in SubjectKind]: string } = { person: 'p', account: 'a', house: 'h' }

/** What subjects are called in our store and journal: `p-` and sixteen letters. */
const PSEUDONYM = /^[pah]-[0-9a-hjkmnp-tv-z]{16}$/
export const isPseudonym = (text: string): boolean => PSEUDONYM.test(text)

/** `person:…`, `account:…` or `house:…`, or null. */
export function parseRef(text: string): SubjectRef | null {
  const [, kind, id] = /^(person|account|house):(.{1,256})$/s.exec(text) ?? []
  return kind === undefined || id === undefined ? null : (`${kind as SubjectKind}:${id}` as const)
}

/** HMAC under the subject's own key: who has not the key cannot tell that two houses, or a house before and after an erasure, speak of the same. */
export const pseudonymOf = (ref: SubjectRef, key: Uint8Array): string =>
  `${LETTER[ref.slice(0, ref.indexOf(':')) as SubjectKind]}-${base32(hmac(key, utf8(`gatehouse pseudonym\n${ref}`)).subarray(0, 10))}`
