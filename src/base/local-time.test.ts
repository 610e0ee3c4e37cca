import { describe, expect, it } from 'vitest'
import { localTime } from './local-time.ts'

const at = (iso: string) => Date.parse(iso)

describe('localTime', () => {
  it.each([
    ['UTC', '2026-09-21T00:00:00Z', { hour: 0, weekday: 1 }],
    ['UTC', '2026-09-20T23:59:59.999Z', { hour: 23, weekday: 0 }],
    ['Europe/Berlin', '2026-09-20T21:59:59Z', { hour: 23, weekday: 0 }],
    ['Europe/Berlin', '2026-09-20T22:00:00Z', { hour: 0, weekday: 1 }],
    ['Europe/Berlin', '2026-10-25T00:59:00Z', { hour: 2, weekday: 0 }],
    ['Europe/Berlin', '2026-10-25T01:00:00Z', { hour: 2, weekday: 0 }],
    ['Asia/Kolkata', '2026-09-19T18:29:00Z', { hour: 23, weekday: 6 }],
    ['Asia/Kolkata', '2026-09-19T18:30:00Z', { hour: 0, weekday: 0 }],
  ])('in %s at %s is %o', (zone, iso, expected) => {
    expect(localTime(zone)(at(iso))).toEqual(expected)
  })

  it('changes with the minute, forwards and back', () => {
    const clock = localTime('UTC')
    expect(clock(at('2026-09-21T09:59:59Z')).hour).toBe(9)
    expect(clock(at('2026-09-21T10:00:00Z')).hour).toBe(10)
    expect(clock(at('2026-09-21T09:59:00Z')).hour).toBe(9)
  })
})
