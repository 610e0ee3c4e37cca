import { fromBase64url, toBase64url } from '../../base/bytes.ts'
import { canonical, type Json } from '../../base/canonical.ts'
import type { Random } from '../../base/clock.ts'
import { sha256 } from '../../base/digest.ts'
import type { Entry } from '../entry.ts'
import type { Payload } from '../entry-store.ts'
import { type PayloadRef, payloadOfEntry } from '../verify-payload.ts'
import { type DataKey, decrypt, encrypt } from './cipher.ts'
import type { Parted } from './private-parts.ts'

const ALG = 'A256GCM'

/** An entry with its payload beside it: the entry names the ciphertext by digest, and the ciphertext opens beside this very entry only. */
export type Sealed = { readonly entry: Entry; readonly payload: Payload }

export function sealPayload({ open, sealed }: Parted, key: DataKey, random: Random): Sealed {
  const ciphertext = encrypt(key, canonical(sealed), contextOf(open, key.id), random)
  const digest = sha256(ciphertext)
  const ref: PayloadRef = { alg: ALG, digest: toBase64url(digest), size: ciphertext.length, keyId: key.id }
  return {
    entry: { ...open, detail: { ...open.detail, payload: ref } },
    payload: { keyIds: key.id.split('+'), class: classOf(open), ciphertext },
  }
}

/** The reference in an entry, with the digest's bytes; null when there is none that we could have written. */
export function refIn(entry: Pick<Entry, 'detail'>): { readonly ref: PayloadRef; readonly digest: Uint8Array } | null {
  const ref = payloadOfEntry(entry)
  const digest = ref && fromBase64url(ref.digest)
  return ref?.alg === ALG && digest?.length === 32 ? { ref, digest } : null
}

/** The entry as it was before it was sealed; null when this ciphertext is not its own. */
export function openPayload(entry: Entry, key: DataKey, ciphertext: Uint8Array): Entry | null {
  const { payload: _, ...open } = entry.detail ?? {}
  const text = decrypt(key, ciphertext, contextOf({ ...entry, detail: open }, key.id))
  return text === null ? null : { ...entry, detail: { ...open, ...(JSON.parse(text) as { readonly [name: string]: Json }) } }
}

/** Everything that stands in the journal of the entry but its reference, and the key: what a ciphertext is bound to. */
function contextOf({ kind, outcome, correlation, session, person, device, operation, digest, detail }: Entry, keyId: string): string {
  const told = [kind, outcome, correlation, session, person, device, operation, digest].map((one) => one ?? null)
  return `gatehouse payload v1\n${canonical([keyId, ...told, detail ?? {}])}`
}

/** What retention goes by: `ask`, `change`, `session`, … */
const classOf = ({ kind }: Entry): string => kind.slice(0, kind.indexOf('.'))

/** At most this long a text may be before an entry could outgrow a tile: the event around it takes a little more, and some of it twice. */
export const ENTRY_INLINE_MAX = 24_000
