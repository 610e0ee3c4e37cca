import { z } from 'zod'
import { REFUSAL_CODES } from '../model/refusal.ts'
import { ENTRY_KINDS } from './entry.ts'

/** An entry as it lies in the journal: `at` is when (ISO 8601, UTC, milliseconds) and `node` by which process it was recorded. */
export type Recorded = z.infer<typeof recorded>

const recorded = z.strictObject({
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

/** The entry of a body, or null when it is none that this version could have written. */
export function parseRecorded(body: Uint8Array): Recorded | null {
  try {
    return recorded.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))).data ?? null
  } catch {
    return null
  }
}
