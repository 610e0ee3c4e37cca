import type { Report } from '../../journal/verify.ts'
import { plain } from './plain.ts'

/** A report as a person reads it, each line of it plain. `of`: the copy it is of, where there are several. */
export function reportText(report: Report, of: string | null = null): string {
  const name = of === null ? '' : `${plain(of)}: `
  const head = `${report.size} entries, ${report.checkpoints} checkpoints, root ${report.root}; ${report.unsignedTail} entries after the last checkpoint`
  const more = [
    ...(report.from > 0 ? [`of these, ${report.from} were read by an earlier run and not again`] : []),
    ...(report.lacking === null ? [] : [lackingText(report.size, report.lacking)]),
    ...(report.pruned > 0 ? [`entries below ${report.pruned} have left it, and were read from the archive behind it`] : []),
    ...(report.tiles === null ? [] : [`${report.tiles} tiles of hashes are those of the entries`]),
    ...(report.witnessed ? [`up to entry ${report.witnessed.size - 1}, ${report.witnessed.words}`] : []),
    ...(report.unwitnessedTail ? [`${report.unwitnessedTail} entries after the last checkpoint that has the policy's quorum`] : []),
    report.payloads
      ? `payloads: ${report.payloads.held} as recorded, ${report.payloads.erased} erased, ${report.payloads.missing} missing`
      : 'payloads were not checked: --payloads does, with the database whose vault holds them',
    ...report.warnings.map((warning) => `note: ${warning}`),
  ]
  const lines = more.map((line) => `  ${plain(line)}\n`).join('')
  if (report.ok) return `${name}the journal verifies: ${head}\n${lines}`
  return `${name}THE JOURNAL DOES NOT VERIFY: ${head}\n${report.faults.map((fault) => `  - ${plain(fault)}\n`).join('')}${lines}`
}

const lackingText = (size: number, lacking: number): string =>
  `it has full bundles alone: ${size} of the ${size + lacking} entries that its newest checkpoint covers; of the last ${lacking} it has the hashes, not what they say`
