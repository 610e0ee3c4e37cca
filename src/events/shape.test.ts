import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FORMS } from './forms.ts'
import { thereAt } from './place.ts'
import { seatsOf } from './seats.ts'
import { filled, followed, type Shape, shapeOf } from './shape.ts'

const seats = seatsOf(FORMS).get('house.heartbeat')
const rootOf = (): Shape => shapeOf(seats ?? expect.unreachable())
const PLACES = Array.from({ length: 8 }, (_, i) => thereAt(`unmapped.p${i}`))
const said = (root: Shape, order: readonly number[]): string =>
  filled(
    order.reduce((shape, i) => followed(shape, PLACES[i] ?? expect.unreachable()), root),
    order,
  )
const keptIn = (shape: Shape): number => [...shape.next.values()].reduce((sum, next) => sum + 1 + keptIn(next), 0)

it('are spelled alike whatever the order they were said in, and no more are kept than a few thousand', () => {
  const root = rootOf()
  const first = said(root, [0, 1, 2, 3, 4, 5, 6, 7])
  const again = keptIn(root)
  expect(said(root, [0, 1, 2, 3, 4, 5, 6, 7])).toBe(first)
  expect([again, keptIn(root)]).toEqual([8, 8])

  const orders = fc.sample(fc.shuffledSubarray([...PLACES.keys()], { minLength: 8 }), { numRuns: 3000, seed: 7 })
  for (const order of orders) expect(said(root, order)).toBe(first)
  expect(keptIn(root)).toBe(2000)
})

it('say so where a place lies within another, rather than lose what stands there', () => {
  const [outer, inner] = [thereAt('unmapped'), thereAt('unmapped.p')]
  expect(() => filled(followed(followed(rootOf(), outer), inner), ['a', 'b'])).toThrow(/within another|Cannot create property/)
})
