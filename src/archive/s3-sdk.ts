import { createRequire } from 'node:module'
import type * as S3 from '@aws-sdk/client-s3'

/** S3's own SDK, loaded when the first bucket is opened: most houses have none, and each of their processes would wait a tenth of a second for it. */
export const s3Sdk = (): typeof S3 => createRequire(import.meta.url)('@aws-sdk/client-s3')
