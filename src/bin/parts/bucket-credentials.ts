import type { Config } from '../../config/config.ts'
import type { Environment } from '../../config/environment.ts'
import { Fault } from '../../model/fault.ts'

const WRITER = 'AWS_'
/** Before the names of a reader's own credentials, in the environment of who starts all parts. */
const READER = 'GATEHOUSE_READER_AWS_'

type Journal = Pick<Config, 'journal'>
type Credentials = Readonly<Record<string, string>>

const publishesToBucket = ({ journal }: Journal): boolean => journal.archive.startsWith('s3://')

/** What the archive's process gets to write with, as the SDK of S3 looks for it: our own `AWS_…`, where it uses a bucket at all. */
export function writerCredentials(config: Journal, environment: Environment): Credentials {
  return publishesToBucket(config) || config.journal.worm !== undefined ? under(WRITER, environment) : {}
}

/**
 * What gate, applier and signer get to read with: `GATEHOUSE_READER_AWS_…`, under the SDK's names, where the journal is published to a bucket. INVARIANT: never
 * the writer's: who takes one of them over could put what it likes into archive and WORM. Faults `config_invalid`: the writer has a key and the
 * reader none of its own. Where neither has one both are known by the machine's role, which is the operator's to keep apart.
 */
export function readerCredentials(config: Journal, environment: Environment): Credentials {
  if (!publishesToBucket(config)) return {}
  const reader = under(READER, environment)
  const [theirs, own] = [environment[`${WRITER}ACCESS_KEY_ID`], reader[`${WRITER}ACCESS_KEY_ID`]]
  if (theirs && (!own || own === theirs)) {
    const next = `make a user that may only s3:GetObject there, and set ${READER}ACCESS_KEY_ID and ${READER}SECRET_ACCESS_KEY to its key`
    throw new Fault('config_invalid', 'gate, applier and signer have no credentials of their own to read the bucket of the journal', next)
  }
  return reader
}

const under = (prefix: string, environment: Environment): Credentials =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      name.startsWith(prefix) && value !== undefined ? [[`${WRITER}${name.slice(prefix.length)}`, value]] : [],
    ),
  )
