import { describe, expect, it } from 'vitest'
import { type Check, judge } from './check.ts'

describe('a check', () => {
  const check: Check = { name: 'rooms', command: ['node'], looked: (output) => Number(/(\d+) files/.exec(output)?.[1] ?? 0) }
  const ran = (code: number | null, output: string): ReturnType<typeof judge> => judge(check, { code, output, seconds: 1.25 })

  it.each([
    ['passes when it looked at files and ended well', 0, 'rooms: 12 files', true],
    ['fails when it ended badly', 1, 'rooms: 12 files', false],
    ['fails when it looked at nothing, though it ended well', 0, 'rooms: 0 files', false],
    ['fails when it does not say what it looked at', 0, '', false],
    ['fails when it was killed', null, 'rooms: 12 files', false],
  ])('%s', (_title, code, output, passed) => {
    expect(ran(code, output).passed).toBe(passed)
  })

  it('says in one line how it went, over how many files, and for how long', () => {
    expect(ran(0, 'rooms: 12 files').line).toBe('ok      rooms              12 files    1.3 s')
    expect(ran(0, '').line).toBe('FAILED  rooms               0 files    1.3 s, looked at nothing')
  })
})
