import { describe, expect, it } from 'vitest'
import { callerOf } from '../../test/support/caller.ts'
import { permitOf, reservedOf } from '../../test/support/stages.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { refusal } from '../model/refusal.ts'
import { type Proposable, waitingCap } from './waiting.ts'

const LIMITS = { waitingPerSession: 3, waitingPerPerson: 5 }
const reserved = async (over = {}) => reservedOf(permitOf(await callerOf(over), 'proposeStatusChange', { shipmentId: 'S', status: 'held', reason: 'r' }))
const code = async (leave: Outcome<Proposable, { readonly code: string }>) => (leave.ok ? 'ok' : leave.refusal.code)

describe('waitingCap', () => {
  it.each([
    [0, 0, 'ok'],
    [2, 2, 'ok'],
    [3, 3, 'too_many_waiting'],
    [4, 4, 'too_many_waiting'],
    [0, 4, 'ok'],
    [0, 5, 'too_many_waiting'],
    [0, 6, 'too_many_waiting'],
  ])('says with %d of the session and %d of the person: %s', async (session, person, said) => {
    const inTurn = waitingCap(LIMITS, async () => done({ session, person }))
    expect(await inTurn(await reserved(), code)).toBe(said)
  })

  it('tells no time to wait: it is for people to decide', async () => {
    const inTurn = waitingCap(LIMITS, async () => done({ session: 3, person: 3 }))
    expect(await inTurn(await reserved(), async (leave) => leave)).toEqual(
      refuse({ code: 'too_many_waiting', detail: '3 proposals of this session wait for a decision already, and no more may' }),
    )
  })

  it('gives no leave where nobody can say how many wait', async () => {
    const inTurn = waitingCap(LIMITS, async () => refuse(refusal('store_unavailable', 'down')))
    expect(await inTurn(await reserved(), code)).toBe('store_unavailable')
  })

  it('takes the proposals of one person one by one, over all their sessions, so that the last place is given once', async () => {
    let kept = 0
    const inTurn = waitingCap(LIMITS, async () => done({ session: 0, person: kept }))
    const asks = await Promise.all(Array.from({ length: 20 }, (_, n) => reserved({ id: `s-${n % 7}` })))
    const said = await Promise.all(
      asks.map((ask) =>
        inTurn(ask, async (leave) => {
          await new Promise((wake) => setTimeout(wake, 1))
          if (leave.ok) kept++
          return leave.ok
        }),
      ),
    )
    expect([kept, said.filter(Boolean).length]).toEqual([5, 5])
  })

  it('goes on after a proposal that was broken off', async () => {
    const inTurn = waitingCap(LIMITS, async () => done({ session: 0, person: 0 }))
    await expect(inTurn(await reserved(), () => Promise.reject(new Error('broken off')))).rejects.toThrow('broken off')
    expect(await inTurn(await reserved(), code)).toBe('ok')
  })
})
