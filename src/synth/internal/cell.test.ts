import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDay, parseInteger, parseNumber, parseStatus, slashOrderOf } from './cell.ts'

describe('parseDay', () => {
  it.each([
    ['2026-06-30', null, '2026-06-30'],
    ['2026-06-31', null, null],
    ['2024-02-29', null, '2024-02-29'],
    ['2026-02-29', null, null],
    ['2026-06-30T00:00:00Z', null, '2026-06-30'],
    ['2026-06-30 13:45', null, null],
    ['20260630', null, '2026-06-30'],
    ['2-Jun-06', null, '2006-06-02'],
    ['29-Aug-2014', null, '2014-08-29'],
    ['31-Jun-06', null, null],
    ['2-Xyz-06', null, null],
    ['1-Jan-69', null, '2069-01-01'],
    ['1-Jan-70', null, '1970-01-01'],
    ['30.6.2026', null, '2026-06-30'],
    ['9/11/2014', null, null],
    ['9/11/2014', 'month-first', '2014-09-11'],
    ['9/11/14', 'day-first', '2014-11-09'],
    ['13/1/2014', 'month-first', null],
    ['Date Not Captured', 'month-first', null],
    ['', null, null],
    ['1899-12-31', null, null],
  ] as const)('reads `%s` with %s as %s', (text, dates, day) => {
    expect(parseDay(text, { dates })).toBe(day)
  })
})

describe('slashOrderOf', () => {
  it.each([
    [['8/27/2014', '9/11/14'], 'month-first'],
    [['27/8/2014', '9/11/14'], 'day-first'],
    [['9/11/14', '1/1/14'], null],
    [['8/27/2014', '27/8/2014'], null],
    [['12/12/2014', 'Date Not Captured'], null],
    [['13/12/2014'], 'day-first'],
    [[], null],
  ] as const)('of %j is %s', (cells, order) => {
    expect(slashOrderOf(cells)).toBe(order)
  })
})

describe('parseNumber', () => {
  it.each([
    ['780.34', null, '780.34'],
    ['1,234', null, null],
    ['1,234', 'point', '1234'],
    ['1,234', 'comma', '1.234'],
    ['1.234,50', 'comma', '1234.50'],
    ['12,34', 'point', null],
    ['+5', null, '5'],
    ['-0.5', null, '-0.5'],
    ['.5', null, null],
    ['1e5', null, null],
    ['$5', null, null],
    ['12345678901234567890.123', null, '12345678901234567890.123'],
  ] as const)('reads `%s` with decimal %s as %s', (text, decimal, number) => {
    expect(parseNumber(text, { decimal })).toBe(number)
  })

  it('loses no digit of what PostgreSQL would print', () => {
    const keeps = fc.property(fc.integer(), fc.nat(999), (whole, part) => parseNumber(`${whole}.${part}`, { decimal: null }) === `${whole}.${part}`)
    expect(fc.check(keeps).failed).toBe(false)
  })
})

describe('parseInteger and parseStatus', () => {
  it.each([
    ['2147483647', 2_147_483_647],
    ['2147483648', null],
    ['5.00', 5],
    ['5.01', null],
  ] as const)('reads `%s` as %s', (text, integer) => {
    expect(parseInteger(text, { decimal: null })).toBe(integer)
  })
  it.each([
    ['Out for Delivery', 'out_for_delivery'],
    ['IN-TRANSIT', 'in_transit'],
    ['lost', null],
  ] as const)('reads `%s` as %s', (text, status) => {
    expect(parseStatus(text)).toBe(status)
  })
})
