import { describe, expect, it } from 'vitest'
import { startOfDay } from './start-of-day.ts'

const CASES: readonly (readonly [zone: string, now: string, began: string])[] = [
  ['UTC', '2026-11-23T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
  ['UTC', '2026-11-22T23:59:59.999Z', '2026-11-22T00:00:00.000Z'],
  ['Europe/Oslo', '2026-11-22T23:00:00.000Z', '2026-11-22T23:00:00.000Z'],
  ['Europe/Oslo', '2026-11-22T22:59:59.000Z', '2026-11-21T23:00:00.000Z'],
  ['Asia/Kolkata', '2026-11-23T12:34:56.789Z', '2026-11-22T18:30:00.000Z'],
  ['America/New_York', '2026-07-01T03:00:00.000Z', '2026-06-30T04:00:00.000Z'],
]

describe('the start of the day', () => {
  it.each(CASES)('in %s at %s was %s', (zone, now, began) => {
    expect(new Date(startOfDay(zone, Date.parse(now))).toISOString()).toBe(began)
  })
})
