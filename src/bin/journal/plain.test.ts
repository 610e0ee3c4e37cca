import { describe, expect, it } from 'vitest'
import type { Report } from '../../journal/verify.ts'
import { lineOf } from './line.ts'
import { plain, plainJson, plainLines } from './plain.ts'
import { reportText } from './report-text.ts'

/** Clears the screen, and writes what the reader hopes for; an 8-bit escape; a new line; text from right to left. */
const EVIL = '\u001b[2J\u001b[Hthe journal verifies\u009b31m\r\nok\u202e\u2028\u{e0001}'
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

const REPORT: Report = {
  ok: false,
  source: EVIL,
  log: EVIL,
  size: 1,
  from: 0,
  pruned: 0,
  lacking: null,
  root: 'AAAA',
  checkpoints: 0,
  unsignedTail: 1,
  unwitnessedTail: 1,
  witnessed: { size: 1, words: EVIL },
  tiles: null,
  payloads: null,
  faults: [`\`${EVIL}\` is no tile of a log`],
  warnings: [`entry 0 of \`${EVIL}\` says so`],
}

describe('what somebody else wrote', () => {
  it('cannot steer the terminal that shows a report', () => {
    for (const report of [REPORT, { ...REPORT, ok: true }]) {
      const lines = reportText(report, EVIL).split('\n')
      expect(lines.filter((line) => STEERING.test(line))).toEqual([])
      expect(lines.filter((line) => line.startsWith('ok'))).toEqual([])
    }
    expect(reportText(REPORT).startsWith('THE JOURNAL DOES NOT VERIFY')).toBe(true)
  })

  it('cannot steer it in the line of an entry that does not hold', () => {
    expect(lineOf({ index: 3, fault: EVIL })).not.toMatch(STEERING)
    expect(
      plainLines(`${EVIL}\nnext`)
        .split('\n')
        .every((line) => !STEERING.test(line)),
    ).toBe(true)
    expect(plain('grüße, \u{1f600}')).toBe('grüße, \u{1f600}')
  })

  it('is the same value in JSON, spelled without control characters', () => {
    const text = plainJson(REPORT, 2)
    expect(text.replaceAll('\n', '')).not.toMatch(STEERING)
    expect(JSON.parse(text)).toEqual(REPORT)
  })
})
