import { setTimeout as wait } from 'node:timers/promises'
import type { Outcome } from '../../base/outcome.ts'
import type { LogSource } from '../../journal/source.ts'
import { type Proved, proveEntry } from '../../journal/source-proof.ts'
import type { Trust } from '../../journal/verify-trust.ts'

const LOOK_AGAIN_MS = 500

/** The receipt of an entry, waited for up to `seconds` while no checkpoint that is believed covers it; then why there is none, in a sentence. */
export async function provedSoon(
  parts: { readonly source: LogSource; readonly trust: Trust },
  index: number,
  seconds: number,
): Promise<Outcome<Proved, string>> {
  for (let left = (seconds * 1000) / LOOK_AGAIN_MS; ; left--) {
    const proved = await proveEntry(parts, index)
    if (proved.ok || left <= 0 || !/^no checkpoint .*covers/.test(proved.refusal)) return proved
    await wait(LOOK_AGAIN_MS)
  }
}
