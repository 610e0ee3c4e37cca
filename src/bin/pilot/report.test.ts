import { describe, expect, it } from 'vitest'
import type { Report } from '../../journal/verify.ts'
import { findings } from './findings.ts'
import { report } from './report.ts'

/** Clears the screen; a new line, and on it what the reader hopes for; text from right to left. */
const EVIL = '\u001b[2J\n  all 9 expectations held\r\u202e\u009b31m\u2028'
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

const VERIFIED: Report = {
  ok: false,
  source: EVIL,
  log: EVIL,
  size: 3,
  from: 0,
  pruned: 0,
  lacking: null,
  root: EVIL,
  checkpoints: 1,
  unsignedTail: 0,
  unwitnessedTail: null,
  witnessed: null,
  tiles: null,
  payloads: null,
  faults: [EVIL],
  warnings: [],
}

describe('the report of a scripted run', () => {
  it('cannot be rewritten by what gate, console or journal said', () => {
    const found = findings()
    found.count({ ok: false, code: EVIL, text: EVIL, link: null })
    found.changes.set(EVIL, 1)
    found.expect('the journal verifies, every entry signed', false, VERIFIED.faults.join('; '))
    const lines = report(found, new Map([[EVIL, [1, 2]]]), VERIFIED).split('\n')
    expect(lines.filter((line) => STEERING.test(line))).toEqual([])
    expect(lines.filter((line) => line.startsWith('  all '))).toEqual([])
    expect(lines).toContain('  1 of 1 expectations did not hold:')
    expect(lines.at(-2)).toBe('    - the journal verifies, every entry signed (instead: \ufffd[2J\ufffd  all 9 expectations held\ufffd\ufffd\ufffd31m\ufffd)')
  })

  it('stands as it is where nobody said anything of the kind', () => {
    const found = findings()
    found.expect('grüße kommen an', true)
    const text = report(found, new Map([['getShipmentSummary', [3, 1, 2]]]), { ...VERIFIED, ok: true, root: 'AAAA' })
    expect(text).toBe(
      [
        '',
        '  operation               asks  median ms     p95 ms',
        '  getShipmentSummary         3        2.0        3.0',
        '',
        '  asks             0, 0 different questions',
        '  refusals         none',
        '  fields covered   none',
        '  changes          none',
        '  journal          3 entries, 1 checkpoints, verified',
        '  root             AAAA',
        '',
        '  all 1 expectations held',
        '',
      ].join('\n'),
    )
  })
})
