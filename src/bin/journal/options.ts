import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { Fault } from '../../model/fault.ts'

/** Which copies of the journal a command reads, and whom it believes. */
export type PlaceOptions = {
  readonly data?: string
  readonly folder?: string
  readonly url?: string
  readonly tokenFile?: string
  readonly ca?: string
  readonly bucket?: string
  readonly behind?: string
  readonly region?: string
  readonly endpoint?: string
  readonly pathStyle?: true
  readonly key?: string
  readonly policy?: string
  readonly signed?: string
}

/** The options above, on a command. */
export const withPlaces = (command: Command): Command =>
  command
    .option('--data <folder>', "the running pilot's data folder, instead of DATABASE_URL, --key and --signed")
    .option('--folder <folder>', "the journal's archive in a folder: tiles, bundles and checkpoint")
    .option('--url <address>', 'the archive as it is served: the address below which `checkpoint` and `tile/` are')
    .option('--token-file <file>', "the reader's token for --url")
    .option('--ca <file>', 'certificates (PEM) to believe for --url, instead of the system’s')
    .option('--bucket <address>', "the archive in an S3 bucket, or its copy under Object Lock: s3://BUCKET/PREFIX; credentials come by S3's own ways")
    .option(
      '--behind <place>',
      'the archive that the oldest entries of the database went to: a folder, an address, or s3://BUCKET/PREFIX (with --data, its own)',
    )
    .option('--region <name>', "the bucket's region")
    .option('--endpoint <address>', 'of an S3-compatible server of your own')
    .option('--path-style', 'the bucket stands in the path instead of the host name')
    .option('--key <file>', "the log's verifier key, `journal.key.vkey`, from where you trust it")
    .option('--policy <file>', 'a tlog-policy: the log, its witnesses, and the quorum that must have seen it')

/** The whole text of a file that an option names. Fault `config_invalid`. */
export function fileOf(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no reason given'
    throw new Fault('config_invalid', `the file of ${option} cannot be read (${why}): \`${path}\``, 'correct its path or who may read it', { cause })
  }
}
