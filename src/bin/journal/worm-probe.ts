import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { bucketSettings } from '../../archive/bucket-address.ts'
import { bucketAssault, lockedBucket } from '../../archive/locked-bucket.ts'
import { openS3 } from '../../archive/s3-client.ts'
import { probeWorm } from '../../archive/worm-probe.ts'
import { Fault } from '../../model/fault.ts'
import { judging } from './asked.ts'
import { plainJson } from './plain.ts'
import { wormProbeText } from './worm-probe-text.ts'

type Options = { readonly bucket: string; readonly region?: string; readonly endpoint?: string; readonly pathStyle?: true; readonly json?: true }

const HELP = `
It plants canaries under worm-probe/, locked for a day: they cannot be removed before. Credentials come by S3's own ways (environment, shared
files, the machine's role) and need s3:DeleteObjectVersion and s3:BypassGovernanceRetention: without them a refusal proves nothing.

Exit code: 0 the store is WORM, 1 the command was not understood, 2 something gave way or nothing is proven, 3 the store could not be asked.
`

/** `gatehouse journal worm-probe`: tries to break the locks of a bucket, and calls it WORM only when nothing gave way. */
export const wormProbeCommand = (): Command =>
  new Command('worm-probe')
    .description('try to overwrite, delete, shorten and bypass in a bucket with Object Lock; it is called WORM only when nothing gives way')
    .requiredOption('--bucket <address>', 's3://BUCKET or s3://BUCKET/PREFIX')
    .option('--region <name>', "the bucket's region")
    .option('--endpoint <address>', 'of an S3-compatible server of your own')
    .option('--path-style', 'the bucket stands in the path instead of the host name')
    .option('--json', 'the report as JSON, to be kept as evidence')
    .addHelpText('after', HELP)
    .action((options: Options) => judging(() => probe(options)))

async function probe({ bucket, region, endpoint, pathStyle, json }: Options): Promise<boolean> {
  const settings = bucketSettings(bucket, {
    region: region ?? process.env['AWS_REGION'] ?? 'us-east-1',
    endpoint: endpoint ?? null,
    pathStyle: pathStyle === true,
  })
  if (settings === null) throw new Fault('config_invalid', `\`${bucket}\` is no bucket`, 'name it as s3://BUCKET or s3://BUCKET/PREFIX')
  const client = openS3(settings)
  try {
    const parts = { client, settings }
    const report = await probeWorm({ locked: lockedBucket(parts), assault: bucketAssault(parts), clock: Date.now, random: (bytes) => randomBytes(bytes) })
    if (!report.ok) throw new Fault('data_unreachable', report.refusal.detail, report.refusal.next)
    process.stdout.write(json ? `${plainJson({ bucket, ...report.value }, 2)}\n` : wormProbeText(bucket, report.value))
    return report.value.verdict === 'worm'
  } finally {
    client.destroy()
  }
}
