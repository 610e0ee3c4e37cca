import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { ArchiveRefusal, ArchiveRefusalCode } from './refusal.ts'

/** Does a call to S3, and turns what it throws into a refusal that names bucket, cause and next step. Nothing secret is in S3's own words. */
export async function askS3<T>(bucket: string, work: () => Promise<T>): Promise<Outcome<T, ArchiveRefusal>> {
  try {
    return done(await work())
  } catch (error) {
    return refuse(s3Refusal(bucket, error))
  }
}

/** HTTP status of an answer that was thrown; null when none came. */
export function statusOfS3(error: unknown): number | null {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : null
  return typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata && typeof metadata.httpStatusCode === 'number'
    ? metadata.httpStatusCode
    : null
}

/** S3's own code of what was thrown: `NoSuchKey`, `AccessDenied`. */
export const codeOfS3 = (error: unknown): string => (error instanceof Error ? error.name : '')

const BY_CODE: Readonly<Record<string, readonly [ArchiveRefusalCode, string]>> = {
  NoSuchBucket: ['missing', 'make the bucket, or correct its name, region or endpoint'],
  CredentialsProviderError: ['denied', 'give the process credentials: environment, shared file or the machine’s role'],
  InvalidAccessKeyId: ['denied', 'correct the access key'],
  SignatureDoesNotMatch: ['denied', 'correct the secret key'],
  RequestTimeTooSkewed: ['denied', 'set this machine’s clock'],
  AccessDenied: ['denied', 'give these credentials the permission, unless the denial was the point'],
  NotImplemented: ['unsupported', 'use a server that knows this part of S3'],
  PermanentRedirect: ['missing', 'name the bucket’s own region'],
  AuthorizationHeaderMalformed: ['missing', 'name the bucket’s own region'],
}

function s3Refusal(bucket: string, error: unknown): ArchiveRefusal {
  const status = statusOfS3(error)
  const name = codeOfS3(error)
  const said = error instanceof Error ? error.message : String(error)
  const [code, next] = BY_CODE[name] ?? byStatus(status)
  return { code, detail: `bucket \`${bucket}\` answered ${name || 'nothing'}${status === null ? '' : ` (${status})`}: ${said}`, next }
}

function byStatus(status: number | null): readonly [ArchiveRefusalCode, string] {
  if (status === null) return ['unreachable', 'look whether the endpoint can be reached from here; it will be tried again']
  if (status === 401 || status === 403) return ['denied', 'give these credentials the permission, unless the denial was the point']
  if (status === 404) return ['missing', 'look whether bucket and object are there']
  if (status === 405 || status === 501) return ['unsupported', 'use a server that knows this part of S3']
  return status < 500 && status !== 429 ? ['rejected', 'read what the server says'] : ['unreachable', 'it will be tried again']
}
