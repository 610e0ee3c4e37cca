import { type Brand, mint } from '../base/brand.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import type { Permit } from '../policy/authorise.ts'
import { buckets } from './bucket.ts'

/** A permit whose cost is paid: spent before the source is asked, and not given back. */
export type Reserved = Brand<{ readonly permit: Permit; readonly units: number }, 'Reserved'>

export type Reserve = (permit: Permit, now: number) => Outcome<Reserved, Refusal>

/** `costMax`: units one ask may cost. `costPerMinute`: units a session may spend in a minute, over all its operations. */
export type CostLimits = { readonly costMax: number; readonly costPerMinute: number }

/** Refuses `too_complex` (never possible, whatever one waits) or `rate_limited` with the seconds until the ask would pass. */
export function reserver(limits: CostLimits): Reserve {
  const asks = buckets(10_000)
  const units = buckets(10_000)
  return (permit, now) => {
    const { operation, limit } = permit.ask
    const session = permit.caller.session.id
    const cost = operation.cost.base + operation.cost.perRow * (operation.cardinality === 'one' ? 1 : limit)
    const most = Math.min(limits.costMax, limits.costPerMinute)
    if (cost > most) return refuse(refusal('too_complex', `\`${operation.name}\` with \`limit\` ${limit} costs ${cost} units, and one ask may cost ${most}`))

    const { perMinute, burst } = operation.rate
    const wait = Math.max(
      asks.wait(`${session}\n${operation.name}`, 1, { perSecond: perMinute / 60, burst }, now),
      units.wait(session, cost, { perSecond: limits.costPerMinute / 60, burst: limits.costPerMinute }, now),
    )
    if (wait > 0)
      return refuse(
        refusal('rate_limited', `\`${operation.name}\` may be asked ${perMinute} times a minute; the next in ${wait} s`, { retryAfterSeconds: wait }),
      )
    asks.take(`${session}\n${operation.name}`, 1)
    units.take(session, cost)
    return done(mint<Reserved>({ permit, units: cost }))
  }
}
