import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authorityFold } from './authority-fold.ts'
import type { Link } from './authority-link.ts'

const NOW = 1_000
const link = (subject: string, n: number, before: string | null, state: string | null, more: Partial<Link> = {}): Link => ({
  subject,
  n,
  before,
  state,
  ...more,
})
const granted = (subject = 'device:a', state = 'x'): Link => link(subject, 1, null, state)

describe('authorityFold', () => {
  it('holds exactly what was granted, until the next step', () => {
    const fold = authorityFold()
    expect(fold.take([granted()], NOW)).toBe(true)
    expect([fold.holds('device:a', 'x', NOW), fold.holds('device:a', 'y', NOW), fold.holds('device:b', 'x', NOW)]).toEqual([true, false, false])
    expect(fold.take([link('device:a', 2, 'x', 'y')], NOW)).toBe(true)
    expect([fold.holds('device:a', 'x', NOW), fold.holds('device:a', 'y', NOW)]).toEqual([false, true])
  })

  it.each<readonly [string, Link]>([
    ['taken again', granted()],
    ['from another state', link('device:a', 2, 'y', 'z')],
    ['from no state', link('device:a', 2, null, 'z')],
    ['out of turn', link('device:a', 3, 'x', 'z')],
    ['of somebody never granted anything, from a state', link('device:b', 1, 'x', 'z')],
    ['of somebody never granted anything, out of turn', link('device:b', 2, null, 'z')],
  ])('takes no step %s, and nothing that came with it', (_, wrong) => {
    const fold = authorityFold()
    fold.take([granted()], NOW)
    const before = fold.all()
    expect(fold.take([granted('person:eva'), wrong], NOW)).toBe(false)
    expect(fold.all()).toEqual(before)
  })

  it('never gives back what was ended, by a signed step or by any entry', () => {
    for (const end of [
      (fold: ReturnType<typeof authorityFold>) => fold.take([link('device:a', 2, 'x', null)], NOW),
      (fold: ReturnType<typeof authorityFold>) => fold.end('device:a'),
    ]) {
      const fold = authorityFold()
      fold.take([granted()], NOW)
      end(fold)
      expect(fold.holds('device:a', 'x', NOW)).toBe(false)
      expect(fold.take([granted()], NOW)).toBe(false)
      expect(fold.holds('device:a', 'x', NOW)).toBe(false)
    }
  })

  it('keeps the end of a device it never heard of, so that its row cannot come back as new', () => {
    const fold = authorityFold()
    fold.end('device:a')
    fold.end('session:s')
    expect(fold.take([granted('device:a')], NOW)).toBe(false)
    expect(fold.take([granted('session:s')], NOW)).toBe(true)
  })

  it.each([
    [NOW - 1, true],
    [NOW, false],
    [NOW + 1, false],
  ])('grants nothing from its end on: at %i %s', (at, held) => {
    const fold = authorityFold()
    fold.take([{ ...granted(), until: NOW }], 0)
    expect(fold.holds('device:a', 'x', at)).toBe(held)
  })

  it('passes by what is over already, and takes the rest of its entry', () => {
    const fold = authorityFold()
    expect(fold.take([granted(), { ...granted('invite:i'), until: NOW }, link('request:r', 2, 'x', null)], NOW)).toBe(true)
    expect(fold.all().map(({ subject }) => subject)).toEqual(['device:a'])
  })

  it('grants nothing once anything that it hangs on has changed or ended', () => {
    const chain = () => {
      const fold = authorityFold()
      fold.take([granted(), { ...granted('session:s', 's'), of: { 'device:a': 1 } }, { ...granted('token:t', 't'), of: { 'session:s': 1 } }], NOW)
      expect(fold.holds('token:t', 't', NOW)).toBe(true)
      return fold
    }
    const ended = chain()
    ended.end('device:a')
    expect([ended.holds('session:s', 's', NOW), ended.holds('token:t', 't', NOW)]).toEqual([false, false])
    const changed = chain()
    changed.take([link('session:s', 2, 's', 's')], NOW)
    expect([changed.holds('session:s', 's', NOW), changed.holds('token:t', 't', NOW)]).toEqual([true, false])
  })

  it('comes to an end on what hangs on itself', () => {
    const fold = authorityFold()
    fold.take([{ ...granted('a:a', 'x'), of: { 'a:a': 1 } }], NOW)
    expect(fold.holds('a:a', 'x', NOW)).toBe(true)
  })

  it('forgets what is over, and what was forgotten and is over is not taken again', () => {
    const fold = authorityFold()
    const short = { ...granted('token:t'), until: NOW }
    fold.take([short, granted()], 0)
    fold.prune(NOW)
    expect(fold.all()).toHaveLength(2)
    fold.prune(NOW + 1)
    expect(fold.all().map(({ subject }) => subject)).toEqual(['device:a'])
    expect(fold.take([short], NOW + 1)).toBe(true)
    expect(fold.now('token:t')).toBeNull()
  })

  it('holds at most one state of a subject, whatever steps come in whatever order, and goes on from where it was kept', () => {
    const states = fc.constantFrom('x', 'y', 'z', null)
    const steps = fc.array(fc.record({ subject: fc.constantFrom('device:a', 'session:b'), n: fc.integer({ min: 1, max: 4 }), before: states, state: states }))
    fc.assert(
      fc.property(steps, fc.nat(), (all, cut) => {
        const fold = authorityFold()
        const [first, rest] = [all.slice(0, cut % (all.length + 1)), all.slice(cut % (all.length + 1))]
        for (const step of first) fold.take([step], NOW)
        const again = authorityFold(fold.all())
        for (const step of rest) expect(again.take([step], NOW)).toBe(fold.take([step], NOW))
        expect(again.all()).toEqual(fold.all())
        for (const subject of ['device:a', 'session:b'])
          expect(['x', 'y', 'z'].filter((state) => fold.holds(subject, state, NOW)).length).toBeLessThanOrEqual(1)
      }),
    )
  })
})
