import { z } from 'zod'
import { toBase64url } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import type { FaultList } from './fault-list.ts'
import type { Recorded } from './recorded.ts'

/** What an entry says of the ciphertext that belongs to it and lies out of line. `digest`: SHA-256 of the ciphertext, base64url; `size` in bytes. */
export type PayloadRef = z.infer<typeof payloadRef>

const payloadRef = z.strictObject({ alg: z.string(), digest: z.string(), size: z.int().nonnegative(), keyId: z.string() })

/**
 * Where payloads lie: a port. The ciphertext that the entry of this index names; or, where it was emptied and keys that the reference names are destroyed, whose
 * they were, by pseudonym; else `missing`. Whether the journal tells of that erasure is for the verifier to see.
 */
export type PayloadOf = (
  named: { readonly index: number } & Pick<PayloadRef, 'digest' | 'keyId'>,
) => Promise<Uint8Array | { readonly keysOf: readonly string[] } | 'missing'>

/** The payload that an entry refers to, in its details. */
export function payloadOfEntry({ detail }: Pick<Recorded, 'detail'>): PayloadRef | null {
  const named = detail?.['payload']
  return named === undefined ? null : (payloadRef.safeParse(named).data ?? null)
}

/** How many payloads had the digest their entry says, and how many could not be held against it because they were erased, or are not there. */
export type Payloads = { readonly held: number; readonly erased: number; readonly missing: number }

/** What the entries of a page name: payloads, by their places in it, and subjects that were erased. */
type Named = { readonly payloads: readonly { readonly at: number; readonly ref: PayloadRef }[]; readonly erased: readonly string[] }

/** Erasures awaited at once: an attacker may name any number. */
const AWAITED_MAX = 100_000

/**
 * Holds payloads against what their entries say. One that is missing is a fault: its ciphertext is kept for as long as its entry. One whose keys are destroyed
 * counts as erased once the journal tells of the erasure of one of their subjects; by `finish`, what is left was destroyed by nobody's order.
 */
export function payloadCheck({ payloadOf, faults }: { readonly payloadOf: PayloadOf; readonly faults: FaultList }) {
  const counts = { held: 0, erased: 0, missing: 0 }
  /** By the subjects whose keys are gone, those payloads that wait for the entry that says so: how many, and the first. */
  const awaited = new Map<string, { readonly subjects: readonly string[]; count: number; readonly first: string }>()

  function missing(sentence: string, count = 1): void {
    counts.missing += count
    faults.add(sentence)
  }

  function judge(index: number, { digest, size }: PayloadRef, found: Awaited<ReturnType<PayloadOf>>): void {
    const name = `the payload of entry ${index}`
    if (found === 'missing') missing(`${name} is missing: \`${digest}\``)
    else if ('keysOf' in found) {
      const subjects = [...found.keysOf].toSorted()
      const key = subjects.join(' ')
      const one = awaited.get(key)
      if (one) one.count += 1
      else if (awaited.size < AWAITED_MAX) awaited.set(key, { subjects, count: 1, first: `${name} was destroyed` })
      else missing(`${name} was destroyed, and more erasures than can be held are not told of`)
    } else if (found.length !== size || toBase64url(sha256(found)) !== digest) faults.add(`${name} is not the one that was recorded: \`${digest}\``)
    else counts.held += 1
  }

  function tell(told: ReadonlySet<string>): void {
    for (const [key, { subjects, count }] of awaited) {
      if (!subjects.some((subject) => told.has(subject))) continue
      counts.erased += count
      awaited.delete(key)
    }
  }

  return {
    /** Those of a page, asked for at once, so that who keeps them may look them up together; and of whose erasure its entries tell: what came before is meant. */
    async check(first: number, { payloads, erased }: Named): Promise<void> {
      const found = await Promise.all(payloads.map(({ at, ref }) => payloadOf({ index: first + at, ...ref })))
      for (const [i, { at, ref }] of payloads.entries()) judge(first + at, ref, found[i] ?? 'missing')
      if (erased.length > 0) tell(new Set(erased))
    },
    finish(): void {
      for (const { subjects, count, first } of awaited.values())
        missing(
          `${first}${count > 1 ? ` (and of ${count - 1} more)` : ''}, and no entry tells of an erasure of ${subjects.map((one) => `\`${one}\``).join(' or ')}`,
          count,
        )
      awaited.clear()
    },
    counts: (): Payloads => ({ ...counts }),
  }
}
