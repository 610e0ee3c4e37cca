import type { ProbeReport } from '../../archive/worm-probe.ts'
import { plain } from './plain.ts'

const VERDICTS: Readonly<Record<ProbeReport['verdict'], string>> = {
  worm: 'is WORM: every attempt was refused, and these credentials could have done it but for the lock',
  not_worm: 'IS NOT WORM: something gave way',
  unproven: 'IS NOT PROVEN TO BE WORM: nothing gave way, but not every refusal is known to be the lock’s',
}

const MARKS = { held: 'held', gave_way: 'GAVE WAY', unclear: 'unclear' } as const

/** A probe's report as a person reads it, each line of it plain: the server that was probed had its say in some. */
export const wormProbeText = (bucket: string, { verdict, atMs, canaries, lines }: ProbeReport): string =>
  [
    `${bucket} ${VERDICTS[verdict]}`,
    ...lines.map(({ attempt, result, sentence }) => `  ${MARKS[result]}: ${attempt}: ${sentence}`),
    `  at ${new Date(atMs).toISOString()}, with canaries under ${canaries}`,
  ]
    .map((line) => `${plain(line)}\n`)
    .join('')
