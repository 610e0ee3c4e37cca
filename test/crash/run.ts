/**
 * The long run: `node test/crash/run.ts --points 1000 [--seed n] [--per-cluster 125] [--report file]`. Writes Markdown, to `docs/evidence/crash.md`
 * unless told otherwise, and fails where anything acknowledged was lost or doubled, or work did not go on. Needs Linux, root and strace.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { crashCampaign } from './campaign.ts'
import { chanceOf } from './chance.ts'
import { plan } from './points.ts'
import { crashReport } from './report.ts'
import { canInject } from './strace.ts'

/** Of the points planned some are not reached: nobody makes such a call in time. */
const SPARE = 1.5

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      points: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      'per-cluster': { type: 'string', default: '125' },
      report: { type: 'string', default: join(import.meta.dirname, '../../docs/evidence/crash.md') },
    },
  })
  if (!canInject()) throw new Error('errors cannot be injected here: run as root with strace installed (apt-get install strace)')
  const [count, seed] = [Number(values.points), Number(values.seed)]
  const chance = chanceOf(seed)
  const [began, loadBefore] = [new Date(), loadavg()]
  const campaign = await crashCampaign({
    points: plan(Math.ceil(count * SPARE), chance),
    count,
    perCluster: Number(values['per-cluster']),
    chance,
    onPoint: ({ reached, kind, ms }) => void process.stdout.write(`${reached}/${count} ${Math.round(ms)} ms  ${kind}\n`),
  })
  const seconds = (Date.now() - began.getTime()) / 1000
  const before = existsSync(values.report) ? readFileSync(values.report, 'utf8') : null
  writeFileSync(values.report, crashReport({ campaign, count, seed, began, seconds, loadBefore, loadAfter: loadavg(), before }))
  process.stdout.write(campaign.failed === null ? `all of it was there: ${values.report}\n` : `${campaign.failed}\n`)
  process.exitCode = campaign.failed === null && campaign.reached >= count ? 0 : 1
}

const [, script] = process.argv
if (script !== undefined && import.meta.url === pathToFileURL(script).href) await run()
