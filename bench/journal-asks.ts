import { randomBytes } from 'node:crypto'
import { toBase64url, utf8 } from '../src/base/bytes.ts'
import { sha256 } from '../src/base/digest.ts'
import { newId } from '../src/base/id.ts'
import { spell } from '../src/events/spell.ts'
import type { Entry } from '../src/journal/entry.ts'
import type { Payload } from '../src/journal/entry-store.ts'
import { dataKey } from '../src/journal/vault/cipher.ts'
import { ENTRY_INLINE_MAX, type Sealed, sealPayload } from '../src/journal/vault/payload.ts'
import { part } from '../src/journal/vault/private-parts.ts'
import { HASH_BYTES } from '../src/log/leaf.ts'

/** One to append, with the ciphertext that it names. */
export type Asked = { readonly entry: Entry; readonly payload?: Payload }

/** What is appended: answered asks in clear, or as the vault gives them to the journal, a ciphertext beside each. `bytes`: of one, its ciphertext included. */
export type Kind = {
  readonly sealed: boolean
  readonly bytes: number
  /** Gives the n-th, `count` times; after that a sealed one throws. Ciphertexts and their digests are made before it returns. */
  readonly made: (count: number) => (n: number) => Asked
}

/** More a second are not made here: for so many ciphertexts are at hand. */
export const PER_SECOND_MAX = 150_000
/** Who asks: each person has a key of the month. */
const PEOPLE = 64
const KEY_IDS = Array.from({ length: PEOPLE }, () => newId('k', randomBytes))

/** What most entries are: an answered ask, as `gate/entries.ts` writes it of the pilot's `getShipmentSummary`. */
const answeredAsk = (n: number) =>
  ({
    kind: 'ask.answered',
    outcome: 'done',
    session: 'ses-1h8q2m4z7f9t3k5c',
    person: 'p-4w8t1n6y3r9c2k7d',
    device: 'dev-7f3a91c04be26x8m',
    correlation: `req-${n.toString(36).padStart(16, '0')}`,
    operation: 'getShipmentSummary',
    digest: 'q1YJ3l0m6i0Lw8u2b8nT1mCq9f4rVxS7pZkE5oHdGaU',
    detail: {
      asked: { shipmentId: `SH-${100_000 + (n % 10_000)}` },
      salt: 'salt-5d0g8j2n4q6t9w1z',
      concerns: ['a-9m3x7b1f5h2k8p4s'],
      rows: 1,
      clear: ['shipmentId', 'status', 'mode', 'carrier', 'origin', 'destination', 'plannedDelivery', 'deliveredAt', 'packages', 'weightKg'],
      token: ['consignee', 'customer'],
      partial: ['consigneePhone'],
      redact: ['freightPrice', 'insurance', 'notes'],
      rule: 'care.read-shipments',
      policy: 3,
      subjects: 1,
      prices: 0,
    },
  }) satisfies Entry

/** The body of an entry as the journal keeps it. */
export const bodyOf = ({ entry }: Asked): Uint8Array => utf8(spell(entry, { at: Date.now(), node: 'gate' }))

export const CLEAR: Kind = { sealed: false, bytes: bodyOf({ entry: answeredAsk(0) }).length, made: () => (n) => ({ entry: answeredAsk(n) }) }

const ONE = sealedAsk()
export const SEALED: Kind = { sealed: true, bytes: bodyOf(ONE).length + ONE.payload.ciphertext.length, made: sealedAsks }

function sealedAsk(): Sealed {
  const parted = part(answeredAsk(0), ENTRY_INLINE_MAX)
  if (parted === null) throw new Error('an ask has arguments to seal')
  return sealPayload(parted, dataKey(KEY_IDS[0] ?? '', randomBytes(32)), randomBytes)
}

/** Random bytes of a ciphertext's length stand for it: to the database they are the same. No two are alike. */
function sealedAsks(count: number): (n: number) => Asked {
  const length = ONE.payload.ciphertext.length
  const ciphertexts = randomBytes(count * length)
  const digests = Buffer.alloc(count * HASH_BYTES)
  const ciphertextAt = (i: number) => ciphertexts.subarray(i * length, (i + 1) * length)
  for (let i = 0; i < count; i++) digests.set(sha256(ciphertextAt(i)), i * HASH_BYTES)
  let next = 0
  return (n) => {
    const i = next++
    if (i >= count) throw new Error(`only ${count} ciphertexts were made before the clock ran`)
    const keyId = KEY_IDS[i % PEOPLE] ?? ''
    const digest = digests.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)
    const { detail, ...ask } = answeredAsk(n)
    const { asked: _, salt: __, ...open } = detail
    const ref = { alg: 'A256GCM', digest: toBase64url(digest), size: length, keyId }
    return { entry: { ...ask, detail: { ...open, payload: ref } }, payload: { ...ONE.payload, keyIds: [keyId], ciphertext: ciphertextAt(i) } }
  }
}
