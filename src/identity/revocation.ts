/** Hears from every process which sessions it revoked. `deaf`: the line is lost, and what was revoked since is not known until `hearing`. */
export type RevocationFeed = {
  readonly listen: (ear: RevocationEar) => Promise<{ readonly close: () => Promise<void> }>
}
export type RevocationEar = { readonly heard: (session: string) => void; readonly deaf: () => void; readonly hearing: () => void }

/** What this process knows of revoked sessions, at once and without asking anybody. */
export type Revocation = RevocationEar & {
  /** True once this process revoked it or heard so. False proves nothing while `mayTrust` is false. */
  readonly isRevoked: (session: string) => boolean
  /** Whether what was looked up before still stands unless heard otherwise. False: look everything up anew. */
  readonly mayTrust: () => boolean
  /** Rises whenever what was cached must be dropped. */
  readonly epoch: () => number
}

/** Sessions end of themselves within the hour; what is remembered beyond that is of no use. */
const REMEMBERED = 50_000

export function openRevocation(): Revocation {
  const revoked = new Set<string>()
  let trusted = false
  let epoch = 0

  function turn(trust: boolean): void {
    trusted = trust
    epoch++
  }

  return {
    heard(session) {
      revoked.add(session)
      if (revoked.size <= REMEMBERED) return
      // The oldest goes, and with it every cached session that it might have held back.
      for (const oldest of revoked) {
        revoked.delete(oldest)
        epoch++
        return
      }
    },
    deaf: () => turn(false),
    hearing: () => turn(true),
    isRevoked: (session) => revoked.has(session),
    mayTrust: () => trusted,
    epoch: () => epoch,
  }
}
