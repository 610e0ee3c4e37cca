import type { Outcome } from '../../base/outcome.ts'
import type { Refusal } from '../../model/refusal.ts'
import { reach } from '../../store/reach.ts'

/** What the work answers, or `store_unavailable` when our database does not. */
export async function reached<T>(work: () => Promise<Outcome<T, Refusal>>): Promise<Outcome<T, Refusal>> {
  const got = await reach(work)
  return got.ok ? got.value : got
}
