import type { S3Client } from '@aws-sdk/client-s3'
import { s3Sdk } from './s3-sdk.ts'

/** Where a bucket is. Credentials are not of it: they come by the SDK's own chain (environment, shared files, the machine's role). */
export type BucketSettings = {
  readonly bucket: string
  /** Put before every path with a slash; empty for the bucket's root. */
  readonly prefix: string
  readonly region: string
  /** Of an S3-compatible server; null for AWS itself. */
  readonly endpoint: string | null
  /** Whether the bucket stands in the path instead of the host name, as most servers of one's own want it. */
  readonly pathStyle: boolean
}

export type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string }

const ATTEMPTS = 4
const CONNECT_MS = 5_000
const REQUEST_MS = 60_000

/** A client that tries each request up to four times and waits for none beyond a minute. `credentials` only where the chain is not to be asked. */
export function openS3({ region, endpoint, pathStyle }: BucketSettings, credentials?: Credentials): S3Client {
  return new (s3Sdk().S3Client)({
    region,
    forcePathStyle: pathStyle,
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: REQUEST_MS, throwOnRequestTimeout: true },
    ...(endpoint !== null && { endpoint }),
    ...(credentials && { credentials }),
  })
}
