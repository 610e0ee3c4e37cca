import { toBase64url, utf8 } from '../base/bytes.ts'
import type { Clock, Random } from '../base/clock.ts'
import { hmac } from '../base/digest.ts'

/** How long one nonce is handed out; it is good for that long again. */
export const NONCE_WINDOW_SECONDS = 30

/** Server nonces (RFC 9449 §8, §9) that nobody keeps: whoever holds one has heard from this process within the last minute. */
export type Nonces = {
  /** For the DPoP-Nonce header of every response. */
  readonly fresh: () => string
  readonly isFresh: (nonce: string) => boolean
  /** Counts the windows; a proof that was good in one is refused two windows later. */
  readonly window: () => number
}

/** Made under a key of this process alone: a proof from before a restart is worthless after it, as the seen-set is empty then. */
export function openNonces({ clock, random }: { readonly clock: Clock; readonly random: Random }): Nonces {
  const key = random(32)
  const of = (window: number): string => toBase64url(hmac(key, utf8(`nonce ${window}`)).subarray(0, 16))
  const window = (): number => Math.floor(clock() / (NONCE_WINDOW_SECONDS * 1000))
  let at = Number.NaN
  let current = ''
  let previous = ''

  function turn(): void {
    const now = window()
    if (now === at) return
    previous = of(now - 1)
    current = of(now)
    at = now
  }

  return {
    fresh: () => (turn(), current),
    // Not a secret: it is in every answer, so comparing it may take its time.
    isFresh: (nonce) => (turn(), nonce === current || nonce === previous),
    window,
  }
}
