import { describe, expect, it } from 'vitest'
import { callerOf, NOON } from '../../test/support/caller.ts'
import { permitOf } from '../../test/support/stages.ts'
import type { Permit } from '../policy/authorise.ts'
import { type CostLimits, reserver } from './reserve.ts'

const find = async (limit: number, id = 's-1') => permitOf(await callerOf({ id }), 'findShipments', { status: 'held', limit })
const propose = async (id = 's-1') => permitOf(await callerOf({ id }), 'proposeStatusChange', { shipmentId: 'S', status: 'held', reason: 'r' })

/** What comes of asking: `ok`, or the code and the seconds. */
function asker(limits: CostLimits) {
  const reserve = reserver(limits)
  return (permit: Permit, now = NOON): readonly unknown[] => {
    const reserved = reserve(permit, now)
    return reserved.ok ? ['ok', reserved.value.units] : [reserved.refusal.code, reserved.refusal.retryAfterSeconds]
  }
}

describe('reserve', () => {
  it('costs the base and each row that may come', async () => {
    const ask = asker({ costMax: 60, costPerMinute: 1500 })
    expect(ask(await find(50))).toEqual(['ok', 7])
    expect(ask(await find(1))).toEqual(['ok', 2.1])
    expect(ask(await propose())).toEqual(['ok', 10])
  })

  it('refuses as too complex what costs a hair more than one ask may, and says no time to wait', async () => {
    expect(asker({ costMax: 7, costPerMinute: 100 })(await find(50))).toEqual(['ok', 7])
    expect(asker({ costMax: 6.99, costPerMinute: 100 })(await find(50))).toEqual(['too_complex', undefined])
    expect(asker({ costMax: 6.99, costPerMinute: 100 })(await find(49))).toEqual(['ok', expect.closeTo(6.9)])
  })

  it('refuses as too complex what a whole minute would not pay for: no waiting helps', async () => {
    const ask = asker({ costMax: 100, costPerMinute: 6 })
    expect(ask(await find(50))).toEqual(['too_complex', undefined])
    expect(ask(await find(40))).toEqual(['ok', 6])
  })

  it('lets the burst through and no more, and the next after exactly the seconds it says', async () => {
    const ask = asker({ costMax: 100, costPerMinute: 10_000 })
    const permit = await propose()
    for (let n = 0; n < 10; n++) expect(ask(permit)).toEqual(['ok', 10])
    expect(ask(permit)).toEqual(['rate_limited', 6])
    expect(ask(permit, NOON + 5_999)).toEqual(['rate_limited', 1])
    expect(ask(permit, NOON + 6_000)).toEqual(['ok', 10])
    expect(ask(permit, NOON + 6_000)).toEqual(['rate_limited', 6])
  })

  it('counts the operations of a session apart, and the cost of all together', async () => {
    const ask = asker({ costMax: 20, costPerMinute: 20 })
    const [dear, list] = [await propose(), await find(50)]
    expect([ask(dear), ask(list)]).toEqual([
      ['ok', 10],
      ['ok', 7],
    ])
    // 3 units left of 20, and one more every 3 seconds.
    expect(ask(dear)).toEqual(['rate_limited', 21])
    expect(ask(list)).toEqual(['rate_limited', 12])
    expect(ask(list, NOON + 12_000)).toEqual(['ok', 7])
  })

  it('counts sessions apart', async () => {
    const ask = asker({ costMax: 10, costPerMinute: 10 })
    expect(ask(await propose('s-1'))).toEqual(['ok', 10])
    expect(ask(await propose('s-1'))).toEqual(['rate_limited', 60])
    expect(ask(await propose('s-2'))).toEqual(['ok', 10])
  })

  it('takes nothing from either bucket for an ask it refuses', async () => {
    const ask = asker({ costMax: 100, costPerMinute: 20 })
    const permit = await propose()
    expect([ask(permit), ask(permit)]).toEqual([
      ['ok', 10],
      ['ok', 10],
    ])
    for (let n = 0; n < 20; n++) expect(ask(permit)[0]).toBe('rate_limited')
    expect(ask(permit, NOON + 30_000)).toEqual(['ok', 10])
  })
})
