import type { Link } from './authority-link.ts'

/** What is granted now to one subject: after the `n`th step, `state` (null: nothing, for good or until the next step), on what else it hangs. */
export type Held = {
  readonly subject: string
  readonly n: number
  readonly state: string | null
  readonly until: number | null
  readonly of: readonly (readonly [subject: string, n: number])[]
}

/** All that is granted, as the journal's entries say in order. Verifying them is for who feeds it. */
export type Fold = {
  readonly now: (subject: string) => Held | null
  /** Takes all of an entry's links, or none: false when one does not go on from what is granted now. What is over or unknown already is passed by. */
  readonly take: (links: readonly Link[], at: number) => boolean
  /** Nothing is granted to this subject any more. Needs no signature: it takes away only. */
  readonly end: (subject: string) => void
  /** Whether exactly this is granted at this moment, and everything it hangs on stands as it did. */
  readonly holds: (subject: string, state: string, at: number) => boolean
  /** Forgets what was over before `at`. */
  readonly prune: (at: number) => void
  readonly all: () => readonly Held[]
}

/** These never come back under the same name: a later grant to one that was ended without ever being granted would be a restored row. */
const ENDS_UNSEEN = 'device:'

export function authorityFold(start: readonly Held[] = []): Fold {
  const held = new Map(start.map((one) => [one.subject, one]))

  const follows = ({ subject, n, before }: Link): boolean => {
    const last = held.get(subject)
    return n === (last?.n ?? 0) + 1 && before === (last?.state ?? null)
  }

  function stands(one: Held, at: number): boolean {
    if (one.state === null || (one.until !== null && at >= one.until)) return false
    for (const [subject, n] of one.of) {
      const parent = held.get(subject)
      if (parent?.n !== n || !stands(parent, at)) return false
    }
    return true
  }

  return {
    now: (subject) => held.get(subject) ?? null,
    take(links, at) {
      const live = links.filter(({ subject, state, until }) => (until === undefined || at < until) && (state !== null || held.has(subject)))
      if (!live.every(follows)) return false
      for (const { subject, n, state, until, of = {} } of live) {
        // INVARIANT: nothing hangs on itself, so that `stands` comes to an end: what a grant hangs on was granted before it.
        const parents = Object.entries(of).filter(([parent]) => parent !== subject)
        held.set(subject, { subject, n, state, until: until ?? held.get(subject)?.until ?? null, of: parents })
      }
      return true
    },
    end(subject) {
      const last = held.get(subject)
      if (last === undefined && !subject.startsWith(ENDS_UNSEEN)) return
      if (last === undefined || last.state !== null) held.set(subject, { subject, n: (last?.n ?? 0) + 1, state: null, until: last?.until ?? null, of: [] })
    },
    holds(subject, state, at) {
      const one = held.get(subject)
      return one !== undefined && one.state === state && stands(one, at)
    },
    prune(at) {
      for (const { subject, until } of held.values()) if (until !== null && until < at) held.delete(subject)
    },
    all: () => [...held.values()],
  }
}
