import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Grant } from '../model/grant.ts'
import type { Refusal } from '../model/refusal.ts'

/** A row that is not as the journal has it, for the finding: what it is of, and whom it concerns. Never what it says. */
export type Mismatch = { readonly subject: string; readonly person?: string; readonly device?: string; readonly session?: string }

/**
 * What the journal says is granted: a port, kept by journal/authority.ts. Whoever can write rows can neither make an entry that counts here nor take
 * one away. `claim` computes once what is asked often: whether the journal has all of these, in exactly this state, now (microseconds, nothing is read).
 * `lookAgain` resolves when everything that is in the journal by now is known (or refuses `store_unavailable`, `journal_unavailable`). `refuse` raises the finding, and gives the refusal `authority_mismatch`.
 */
export type Authority = {
  readonly claim: (grants: readonly Grant[]) => () => boolean
  readonly lookAgain: () => Promise<Outcome<null, Refusal>>
  readonly refuse: (mismatch: Mismatch) => Promise<Refusal>
}

/** How long a row may lag behind the entry that speaks of it before it counts as altered: the entry is always first. */
const WAITS_MS = [20, 150] as const

/**
 * What `read` finds, when the journal has it so. A row that differs is read again, after the journal: another process may have been in the middle of
 * changing it. `grantsOf` null: it grants nothing, so there is nothing to check. Refuses `authority_mismatch` and what `read` refuses.
 */
export async function believed<T>(
  authority: Authority,
  read: () => Promise<Outcome<T, Refusal>>,
  grantsOf: (found: T) => { readonly grants: readonly Grant[]; readonly mismatch: Mismatch } | null,
): Promise<Outcome<T, Refusal>> {
  for (const [tries, wait] of [0, ...WAITS_MS].entries()) {
    if (tries > 0) await new Promise((wake) => setTimeout(wake, wait))
    const found = await read()
    if (!found.ok) return found
    const claimed = grantsOf(found.value)
    if (claimed === null) return found
    const is = await isBelieved(authority, claimed.grants)
    if (!is.ok) return is
    if (is.value) return found
    if (tries === WAITS_MS.length) return refuse(await authority.refuse(claimed.mismatch))
  }
  throw new Error('the last try neither believed nor refused')
}

/** Whether the journal has it so, after a second look where it did not. */
export async function isBelieved(authority: Pick<Authority, 'claim' | 'lookAgain'>, grants: readonly Grant[]): Promise<Outcome<boolean, Refusal>> {
  const holds = authority.claim(grants)
  if (holds()) return done(true)
  const looked = await authority.lookAgain()
  return looked.ok ? done(holds()) : looked
}

/** The same of what was read already and cannot be read again. */
export async function believedOnce<T>(authority: Authority, value: T, grants: readonly Grant[], mismatch: Mismatch): Promise<Outcome<T, Refusal>> {
  const is = await isBelieved(authority, grants)
  if (!is.ok) return is
  return is.value ? done(value) : refuse(await authority.refuse(mismatch))
}
