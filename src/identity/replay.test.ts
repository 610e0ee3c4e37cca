import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openNonces } from './nonce.ts'
import { openReplay } from './replay.ts'

const START = Date.parse('2026-11-23T09:00:00Z')

function house(limits: { readonly perKeyMax?: number; readonly totalMax?: number } = {}) {
  const time = { now: START }
  const nonces = openNonces({ clock: () => time.now, random: randomBytes })
  return { time, nonces, replay: openReplay({ window: nonces.window, ...limits }) }
}

describe('nonces', () => {
  it.each([
    ['at once', 0, true],
    ['at the end of the next window', 59_999, true],
    ['two windows later', 60_000, false],
    ['much later', 3_600_000, false],
  ])('are judged %s', (_, ms, fresh) => {
    const { time, nonces } = house()
    const nonce = nonces.fresh()
    time.now += ms
    expect(nonces.isFresh(nonce)).toBe(fresh)
  })

  it('are the same within a window, others in the next, and others again in another process', () => {
    const { time, nonces } = house()
    const nonce = nonces.fresh()
    time.now += 29_999
    expect(nonces.fresh()).toBe(nonce)
    time.now += 1
    expect(nonces.fresh()).not.toBe(nonce)
    expect(house().nonces.isFresh(nonce)).toBe(false)
  })

  it('are never fresh when nobody handed them out', () => {
    const { nonces } = house()
    for (const nonce of ['', 'x', randomBytes(16).toString('base64url')]) expect(nonces.isFresh(nonce)).toBe(false)
  })
})

describe('useOnce', () => {
  it('takes a proof once for each key', () => {
    const { replay } = house()
    expect(replay.useOnce('k1', 'jti').ok).toBe(true)
    expect(replay.useOnce('k1', 'jti')).toMatchObject({ ok: false, refusal: { code: 'proof_replayed' } })
    expect(replay.useOnce('k2', 'jti').ok).toBe(true)
  })

  it('never takes a proof twice while its nonce is good, however the clock goes forward', () => {
    const step = fc.record({ wait: fc.constantFrom(0, 1, 9_999, 29_999, 30_000, 45_000), jti: fc.constantFrom('a', 'b', 'c') })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { time, nonces, replay } = house()
        const made = new Map<string, string>()
        const taken = new Set<string>()
        for (const { wait, jti } of steps) {
          time.now += wait
          // A proof is made once, with the nonce of its time, and then tried again and again by whoever saw it.
          const nonce = made.get(jti) ?? nonces.fresh()
          made.set(jti, nonce)
          const good = nonces.isFresh(nonce) && replay.useOnce('k', jti).ok
          expect(good && taken.has(jti)).toBe(false)
          if (good) taken.add(jti)
        }
        expect(taken.size).toBe(made.size)
      }),
      { seed: 20261123 },
    )
  })

  it('holds on to what it saw when the clock is set back', () => {
    const { time, replay } = house()
    replay.useOnce('k', 'a')
    time.now -= 3_600_000
    expect(replay.useOnce('k', 'a').ok).toBe(false)
  })

  it('refuses what it could not remember, for one key and for all, and takes it a window later', () => {
    const { time, replay } = house({ perKeyMax: 2, totalMax: 3 })
    expect([replay.useOnce('k1', 'a'), replay.useOnce('k1', 'b')].every(({ ok }) => ok)).toBe(true)
    expect(replay.useOnce('k1', 'c')).toMatchObject({ ok: false, refusal: { code: 'rate_limited', retryAfterSeconds: 30 } })
    expect(replay.useOnce('k2', 'a').ok).toBe(true)
    expect(replay.useOnce('k3', 'a')).toMatchObject({ ok: false, refusal: { code: 'rate_limited' } })
    expect(replay.useOnce('k1', 'a')).toMatchObject({ ok: false, refusal: { code: 'proof_replayed' } })
    time.now += 30_000
    expect(replay.useOnce('k1', 'c').ok).toBe(true)
  })
})
