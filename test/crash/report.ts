import { machine } from '../../bench/report.ts'
import type { Campaign } from './campaign.ts'

export type CrashRun = {
  readonly campaign: Campaign
  readonly count: number
  readonly seed: number
  readonly began: Date
  readonly seconds: number
  readonly loadBefore: readonly number[]
  readonly loadAfter: readonly number[]
  /** The report that stood before; null at the first run. */
  readonly before: string | null
}

/** Written by hand, and kept from one report to the next: this heading and all below it. */
const FOUND = '## What failed on the way'

const whole = (value: number): string => Math.round(value).toLocaleString('en')
const loads = (all: readonly number[]): string => all.map((load) => load.toFixed(1)).join(' ')

/** The evidence, as Markdown. It says what failed as plainly as what held. */
export function crashReport({ campaign, count, seed, began, seconds, loadBefore, loadAfter, before }: CrashRun): string {
  const { reached, kinds, clusters, acknowledged, sealed, stored, ciphertexts, checkpoints, behind, struckInTwo, starts, failed } = campaign
  const rows = [...kinds].toSorted(([a], [b]) => a.localeCompare(b))
  const missed = rows.reduce((sum, [, tally]) => sum + tally.missed, 0)
  return `# What crashes did to the journal

Written by \`node test/crash/run.ts --points ${count} --seed ${seed}\`; the next run overwrites it but for its last section. ${began.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${whole(seconds / 60)} minutes.
${machine()}. Load average before ${loads(loadBefore)}, after ${loads(loadAfter)}.
The embedded PostgreSQL, two writing processes of eight askers each, the first with a crowd of sixteen beside them, the second, in every other cluster, resting now and then, and a signer; the acknowledgements are kept in a process outside of all that crashes.
A writing process is the journal of a gate, its look at the server and at the tail before it begins included, and every second of its entries is sealed by the vault, with a ciphertext beside it in the same statement.

## What came of it

${failed === null ? `**At ${whole(reached)} crash points no acknowledged entry was lost, none moved and none stood twice; each ciphertext that an entry names was there to the byte, and none that no entry names.** After each, server and writers were up again, each writer was acknowledged new entries, the head fitted the entries, and the signer found that the journal had only grown. After every cluster the whole journal was read again and verified.` : `**It failed, after ${whole(reached)} points.** ${failed}`}

| | |
|---|---|
| points reached | ${whole(reached)} |
| points where nobody made the call in time (not counted) | ${whole(missed)} |
| clusters | ${clusters} |
| entries acknowledged | ${whole(acknowledged)} |
| of these, with a ciphertext beside them | ${whole(sealed)} |
| entries found (refused ones may land too) | ${whole(stored)} |
| ciphertexts found beside them, each the one its entry names | ${whole(ciphertexts)} |
| batches sent behind one that was under way | ${whole(behind)} |
| times a writer was struck (killed, or a batch of its failed) while it had two under way | ${whole(struckInTwo)} |
| checkpoints verified | ${whole(checkpoints)} |
| starts of PostgreSQL by us, where it did not restart by itself | ${whole(starts.server)} |
| of these, because strace had taken the last word of its recovering process, and it stood waiting for it | ${whole(starts.stuck)} |
| starts of a writer | ${whole(starts.writers)} |
| of these, because its journal had shut itself after an error of the disk | ${whole(starts.shut)} |

## By kind of fault

| fault | points | not reached |
|---|---|---|
${rows.map(([kind, tally]) => `| ${kind} | ${tally.reached} | ${tally.missed} |`).join('\n')}

## What it does not show

- No power was cut: what a killed process had given to the system is still there. That the disk is asked before anything is acknowledged is shown by the
  errors of fdatasync above, and by the test of the store that compares the position of the log on disk; whether a disk keeps its word is the disk's.
- No whole gate was killed: a writing process has a gate's journal and vault, and no doors, policy or sources. That no byte of an answer leaves a gate
  before its entry is durable is shown by \`test/crash/no-byte-leaves-before-its-entry-is-durable.test.ts\`.
- One machine, no standby.

${foundBefore(before)}`
}

function foundBefore(before: string | null): string {
  const at = before?.indexOf(FOUND) ?? -1
  return before === null || at === -1 ? `${FOUND}\n\nNothing so far.\n` : before.slice(at)
}
