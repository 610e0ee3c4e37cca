/** The signer is at most a second behind: entries that are older than this and unsigned are none that it has seen. */
export const UNSIGNED_MS_MAX = 60_000
/** Witnesses may be out of reach for as long as the house itself goes on without them. */
export const UNWITNESSED_MS_MAX = 600_000

/**
 * What is wanted of entries that nobody has vouched for yet. `due`: they are young, by the verifier's own clock. `stopped`: the house was stopped or killed,
 * and all of them are of its last moments, by its own. `unsigned`: nothing; for a journal that no signer follows.
 */
export type Tail = 'due' | 'stopped' | 'unsigned'

type Met = { readonly at: number; readonly index: number }

/** Remembers the oldest and the newest entry of those that nobody has vouched for: whoever wrote the journal chose their times. */
export type TailWatch = {
  /** Entries from `first` on, with their times; those below `vouched` are vouched for by now. */
  readonly pass: (first: number, times: Float64Array, vouched: number) => void
  /** What is wrong with the entries from `vouched` on, in a sentence, or null. `now`: null where no clock is to be believed. */
  readonly fault: (vouched: number, size: number, now: number | null) => string | null
}

/** `lack`: what a sentence says that they are without. */
export function tailWatch({ tail, msMax, lack }: { readonly tail: Tail; readonly msMax: number; readonly lack: string }): TailWatch {
  let oldest: Met | null = null
  let newest: Met | null = null

  function pass(first: number, times: Float64Array, vouched: number): void {
    if (vouched >= first) {
      oldest = null
      newest = null
    }
    for (let i = Math.max(0, vouched - first); i < times.length; i++) {
      const at = times[i] ?? Number.NaN
      if (Number.isNaN(at)) continue
      if (!oldest || at < oldest.at) oldest = { at, index: first + i }
      if (!newest || at > newest.at) newest = { at, index: first + i }
    }
  }

  function fault(vouched: number, size: number, now: number | null): string | null {
    const end = tail === 'stopped' ? (newest?.at ?? null) : now
    if (tail === 'unsigned' || vouched >= size || end === null) return null
    const those = size - vouched === 1 ? `entry ${vouched} is ${lack}` : `entries ${vouched} to ${size - 1} are ${lack}`
    if (oldest && end - oldest.at > msMax)
      return `${those}, though entry ${oldest.index} is of ${iso(oldest.at)}: within ${msMax / 1000} s it should have been, unless the house was stopped before`
    // Else a time far ahead would keep an entry young for ever.
    if (newest && newest.at - end > msMax) return `${those}, and entry ${newest.index} claims to be of ${iso(newest.at)}, which is yet to come`
    return null
  }

  return { pass, fault }
}

const iso = (at: number): string => new Date(at).toISOString()
