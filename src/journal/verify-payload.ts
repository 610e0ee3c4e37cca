import { z } from 'zod'
import { toBase64url } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import type { FaultList } from './fault-list.ts'
import type { Recorded } from './recorded.ts'

/** What an entry says of the ciphertext that belongs to it and lies out of line. `digest`: SHA-256 of the ciphertext, base64url; `size` in bytes. */
export type PayloadRef = z.infer<typeof payloadRef>

const payloadRef = z.strictObject({ alg: z.string(), digest: z.string(), size: z.int().nonnegative(), keyId: z.string() })

/** Where payloads lie: a port. The ciphertext of that digest; `erased` when its key was destroyed by an erasure that the journal tells of; else `missing`. */
export type PayloadOf = (digest: string) => Promise<Uint8Array | 'erased' | 'missing'>

/** The payload that an entry refers to, in its details. */
export function payloadOfEntry({ detail }: Pick<Recorded, 'detail'>): PayloadRef | null {
  const named = detail?.['payload']
  return named === undefined ? null : (payloadRef.safeParse(named).data ?? null)
}

/** How many payloads had the digest their entry says, and how many could not be held against it because they were erased, or are not there. */
export type Payloads = { readonly held: number; readonly erased: number; readonly missing: number }

/** Holds payloads against what their entries say. One that is missing is a fault: its ciphertext is kept for as long as its entry, even when erased. */
export function payloadCheck({ payloadOf, faults }: { readonly payloadOf: PayloadOf; readonly faults: FaultList }) {
  const counts = { held: 0, erased: 0, missing: 0 }
  function judge(index: number, { digest, size }: PayloadRef, found: Awaited<ReturnType<PayloadOf>>): void {
    if (found === 'erased') counts.erased += 1
    else if (found === 'missing') {
      counts.missing += 1
      faults.add(`the payload of entry ${index} is missing: \`${digest}\``)
    } else if (found.length !== size || toBase64url(sha256(found)) !== digest)
      faults.add(`the payload of entry ${index} is not the one that was recorded: \`${digest}\``)
    else counts.held += 1
  }

  return {
    /** Those of a page, asked for at once, so that who keeps them may look them up together. */
    async check(first: number, named: readonly { readonly at: number; readonly ref: PayloadRef }[]): Promise<void> {
      const found = await Promise.all(named.map(({ ref }) => payloadOf(ref.digest)))
      for (const [i, { at, ref }] of named.entries()) judge(first + at, ref, found[i] ?? 'missing')
    },
    counts: (): Payloads => ({ ...counts }),
  }
}
