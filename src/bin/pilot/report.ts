import type { Report } from '../../journal/verify.ts'
import { plain } from '../journal/plain.ts'
import type { Findings } from './findings.ts'

/**
 * What a scripted run came to, as a table a person reads, each line of it plain: gate, console and whoever keeps the journal had their say in some. Times
 * are the agent's own, over connector, gate, TMS and journal.
 */
export function report(found: Findings, timings: ReadonlyMap<string, readonly number[]>, journal: Report): string {
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none'
  const rows = [...timings].map(([operation, took]) => {
    const sorted = took.toSorted((a, b) => a - b)
    return `  ${operation.padEnd(22)}${String(sorted.length).padStart(6)}${at(sorted, 0.5).padStart(11)}${at(sorted, 0.95).padStart(11)}`
  })
  const failed = found.failed()
  return [
    '',
    `  ${'operation'.padEnd(22)}${'asks'.padStart(6)}${'median ms'.padStart(11)}${'p95 ms'.padStart(11)}`,
    ...rows,
    '',
    `  asks             ${found.asks()}, ${found.questions()} different questions`,
    `  refusals         ${list(found.refusals)}`,
    `  fields covered   ${list(found.covered)}`,
    `  changes          ${list(found.changes)}`,
    `  journal          ${journal.size} entries, ${journal.checkpoints} checkpoints, ${journal.ok ? 'verified' : 'DOES NOT VERIFY'}`,
    `  root             ${journal.root}`,
    '',
    failed.length === 0 ? `  all ${found.held()} expectations held` : `  ${failed.length} of ${found.held() + failed.length} expectations did not hold:`,
    ...failed.slice(0, 20).map((what) => `    - ${what}`),
    '',
  ]
    .map(plain)
    .join('\n')
}

const at = (sorted: readonly number[], share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
