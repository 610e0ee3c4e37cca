import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { NONCE_WINDOW_SECONDS } from './nonce.ts'

/** Remembers each proof for as long as its nonce is good. */
export type Replay = {
  /** The first time a key uses a `jti`; `proof_replayed` after that; `rate_limited` when no more can be remembered. */
  readonly useOnce: (jkt: string, jti: string) => Outcome<null, Refusal>
}

type Generation = { window: number; total: number; readonly byKey: Map<string, Set<string>> }

/**
 * Two generations, by nonce window: a nonce of window w is good in w and w+1, and what was seen in either is kept through both.
 * INVARIANT: `window` is the clock of the nonces too, so nothing is forgotten whose nonce is still good. Bounded: what one key may
 * use in a window cannot crowd out the others, and past `total` new proofs are refused rather than old ones forgotten.
 */
export function openReplay(given: { readonly window: () => number; readonly perKeyMax?: number; readonly totalMax?: number }): Replay {
  const { window, perKeyMax = 100_000, totalMax = 500_000 } = given
  let current = generation(window())
  let previous = generation(current.window - 1)

  function turn(): void {
    const now = window()
    // A clock set back keeps what is held: forgetting it would open the way to replay.
    if (now <= current.window) return
    previous = now === current.window + 1 ? current : generation(now - 1)
    current = generation(now)
  }

  return {
    useOnce(jkt, jti) {
      turn()
      const seen = current.byKey.get(jkt)
      if (seen?.has(jti) || previous.byKey.get(jkt)?.has(jti)) return refuse(refusal('proof_replayed', 'this proof was used before'))
      if (current.total >= totalMax || (seen?.size ?? 0) >= perKeyMax) return refuse(full)
      current.total++
      if (seen) seen.add(jti)
      else current.byKey.set(jkt, new Set([jti]))
      return first
    },
  }
}

const generation = (window: number): Generation => ({ window, total: 0, byKey: new Map() })
const first = done(null)
const full = refusal('rate_limited', 'more proofs than can be remembered', { retryAfterSeconds: NONCE_WINDOW_SECONDS })
