import type { Report } from '../../journal/verify.ts'

/** A report as a person reads it. */
export function reportText(report: Report): string {
  const head = `${report.size} entries, ${report.checkpoints} checkpoints, root ${report.root}; ${report.unsignedTail} entries after the last checkpoint`
  const more = [
    ...(report.from > 0 ? [`of these, ${report.from} were read by an earlier run and not again`] : []),
    ...(report.tiles === null ? [] : [`${report.tiles} tiles of hashes are those of the entries`]),
    ...(report.witnessed ? [`up to entry ${report.witnessed.size - 1}, ${report.witnessed.words}`] : []),
    ...(report.payloads ? [`payloads: ${report.payloads.held} as recorded, ${report.payloads.erased} erased, ${report.payloads.missing} missing`] : []),
    ...report.warnings.map((warning) => `note: ${warning}`),
  ]
  const lines = more.map((line) => `  ${line}\n`).join('')
  if (report.ok) return `the journal verifies: ${head}\n${lines}`
  return `THE JOURNAL DOES NOT VERIFY: ${head}\n${report.faults.map((fault) => `  - ${fault}\n`).join('')}${lines}`
}
