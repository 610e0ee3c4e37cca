import { describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { refuse } from '../base/outcome.ts'
import type { Payload } from './entry-store.ts'
import { busy, takeBatch, type Waiting, waitingFor } from './waiting.ts'

const MB = 1024 * 1024
const sized = (bytes: number, ciphertext?: number): Waiting => {
  const payload: Payload | undefined = ciphertext === undefined ? undefined : { keyIds: [], class: 'ask', ciphertext: new Uint8Array(ciphertext) }
  const waiting = waitingFor({ body: new Uint8Array(bytes), payload }, () => undefined, 1000)
  waiting.settle(refuse(busy('not asked')))
  return waiting
}
const some = (count: number, make = () => sized(10)): Waiting[] => Array.from({ length: count }, make)

describe('takeBatch', () => {
  it.each([
    ['all there is', some(3), 10, 3],
    ['as many as asked', some(30), 10, 10],
    ['1,024 at most', some(1030), 2000, 1024],
    ['4 MB exactly', some(5, () => sized(MB)), 10, 4],
    ['less than 4 MB where one more would pass it', some(5, () => sized(MB + 1)), 10, 3],
    ['what they name counted with them', some(5, () => sized(10, MB)), 10, 3],
    ['one alone that is more than 4 MB', [sized(10, 5 * MB), sized(10)], 10, 1],
  ])('takes %s', (_, queue, most, taken) => {
    const all = [...queue]
    expect(takeBatch(queue, most)).toEqual(all.slice(0, taken))
    expect(queue).toEqual(all.slice(taken))
  })
})

describe('who waits for an entry', () => {
  it('is answered once, and by time alone when by nothing else', async () => {
    const answers: unknown[] = []
    const early = waitingFor({ body: utf8('early'), payload: undefined }, (outcome) => answers.push(outcome), 10)
    expect(early.isWaiting()).toBe(true)
    early.settle(refuse(busy('first')))
    early.settle(refuse(busy('second')))
    expect(early.isWaiting()).toBe(false)
    const late = waitingFor({ body: utf8('late'), payload: undefined }, (outcome) => answers.push(outcome), 10)
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(late.isWaiting()).toBe(false)
    expect(answers).toMatchObject([{ refusal: { detail: 'first' } }, { refusal: { detail: 'the journal did not answer in time', retryAfterSeconds: 1 } }])
  })
})
