import { lru } from '../base/lru.ts'
import { type Offered, offered } from '../catalogue/offer.ts'
import type { Catalogue } from '../catalogue/pack.ts'
import type { Session } from '../model/principal.ts'
import type { MayOffer } from '../policy/offer.ts'

/** What an agent is shown: the operations its session could be permitted; before a session, all there are, names and shapes only. */
export type Offer = {
  readonly all: readonly Offered[]
  readonly to: (session: Session) => readonly Offered[]
}

/** In the catalogue's order, which is the same every time. Kept per session: a session's policy does not change under it. */
export function offerFrom(catalogue: Catalogue, mayOffer: MayOffer): Offer {
  const operations = Object.values(catalogue.operations)
  const shown = new Map(operations.map((operation) => [operation.name, offered(operation)]))
  const known = lru<string, readonly Offered[]>(2000)
  const pick = (keep: (operation: (typeof operations)[number]) => boolean) => operations.filter(keep).flatMap((operation) => shown.get(operation.name) ?? [])
  return {
    all: pick(() => true),
    to(session) {
      const held = known.get(session.id)
      if (held) return held
      const fresh = pick((operation) => mayOffer(session, operation))
      known.set(session.id, fresh)
      return fresh
    },
  }
}
