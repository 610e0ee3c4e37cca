import { z } from 'zod'
import { canonical } from '../base/canonical.ts'
import { fromEvent } from '../events/from-event.ts'
import { REFUSAL_CODES } from '../model/refusal.ts'
import { ENTRY_KINDS, type Entry } from './entry.ts'

/** An entry as it lies in the journal: `at` is when (ISO 8601, UTC, milliseconds) and `node` by which process it was recorded. */
export type Recorded = Entry & { readonly v: 1 | 2; readonly at: string; readonly node: string }

/** What bodies held before they were events. None is written any more; those there are stay readable. */
const version1 = z.strictObject({
  v: z.literal(1),
  at: z.iso.datetime({ precision: 3 }),
  node: z.string(),
  kind: z.enum(ENTRY_KINDS),
  outcome: z.enum(['done', ...REFUSAL_CODES]),
  correlation: z.string().exactOptional(),
  session: z.string().exactOptional(),
  person: z.string().exactOptional(),
  device: z.string().exactOptional(),
  operation: z.string().exactOptional(),
  digest: z.string().exactOptional(),
  detail: z.record(z.string(), z.json()).exactOptional(),
})

/** The entry of a body, or null when it is none that this version could have written, to the last byte: it has one spelling only. */
export function parseRecorded(body: Uint8Array): Recorded | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
    const value = JSON.parse(text)
    if (Object.hasOwn(value, 'v')) return canonical(value) === text ? (version1.safeParse(value).data ?? null) : null
    const found = fromEvent(value, text)
    if (found === null) return null
    return { v: 2, at: new Date(found.stamp.at).toISOString(), node: found.stamp.node, ...found.entry }
  } catch {
    return null
  }
}
