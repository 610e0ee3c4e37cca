import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { progressBar, progressSteps } from './progress.ts'

/** A terminal, or a pipe, that keeps what it is told. */
function screen(isTTY: boolean) {
  const stream = new PassThrough() as PassThrough & NodeJS.WriteStream
  const shown = (): string => String(stream.read() ?? '')
  return { stream: Object.assign(stream, { isTTY, columns: 80 }), shown }
}

it('shows nothing of work that is done within half a second, and from then on what is counted, of how much', () => {
  const { stream, shown } = screen(true)
  let clock = 7000
  const bar = progressBar('bytes read', { stream, now: () => clock })
  for (const [at, done] of [
    [7000, 0],
    [7499, 300],
  ] as const) {
    clock = at
    bar.show(done, 4000)
    expect(shown()).toBe('')
  }
  clock = 7500
  bar.show(400, 4000)
  expect(shown()).toMatch(/ 400\/4000 bytes read/)
  bar.end()
  expect(shown()).not.toContain('bytes read')
})

it.each([
  ['ended before half a second is over', true, 499],
  ['in a pipe, however long it takes', false, 60_000],
])('writes not a byte of work %s', (_title, isTTY, took) => {
  const { stream, shown } = screen(isTTY)
  let clock = 0
  const bar = progressBar('rows written', { stream, now: () => clock })
  clock = took
  bar.show(10, 10)
  bar.end()
  expect(shown()).toBe('')
})

it('gives each step of the work its own count, one bar at a time', () => {
  const { stream, shown } = screen(true)
  let clock = 0
  const bars = progressSteps({ reading: 'bytes read', loading: 'rows written' }, { stream, now: () => clock })
  bars.show('reading', 900, 4000)
  expect(shown()).toBe('')
  clock = 500
  bars.show('reading', 4000, 4000)
  expect(shown()).toMatch(/ 4000\/4000 bytes read/)
  bars.show('loading', 0, 70)
  const [erased = '', drawn = ''] = shown().split('\u001b[2K')
  expect([erased, drawn]).toEqual([expect.not.stringContaining('rows'), expect.stringContaining(' 0/70 rows written')])
  bars.show('loading', 70, 70)
  bars.end()
  expect(shown()).not.toContain('bytes read')
})
