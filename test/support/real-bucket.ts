import type { BucketSettings, Credentials } from '../../src/archive/s3-client.ts'

/**
 * The real bucket that `GATEHOUSE_S3_BUCKET`, `_REGION`, `_ENDPOINT` and `_PATH_STYLE` name, with `_ACCESS_KEY_ID` and `_SECRET_ACCESS_KEY` or, without
 * these, the SDK's own chain; null, said aloud once, when none is named. What the tests write there, under names of their own, stays.
 */
export function realBucket(): { readonly settings: BucketSettings; readonly credentials?: Credentials } | null {
  const value = (name: string): string | null => process.env[`GATEHOUSE_S3_${name}`] ?? null
  const bucket = value('BUCKET')
  if (bucket === null) {
    console.warn('no real S3 bucket was reached: set GATEHOUSE_S3_BUCKET, _REGION, _ENDPOINT, _ACCESS_KEY_ID and _SECRET_ACCESS_KEY to run these tests on one')
    return null
  }
  const [accessKeyId, secretAccessKey] = [value('ACCESS_KEY_ID'), value('SECRET_ACCESS_KEY')]
  return {
    settings: { bucket, prefix: '', region: value('REGION') ?? 'us-east-1', endpoint: value('ENDPOINT'), pathStyle: value('PATH_STYLE') === 'true' },
    ...(accessKeyId !== null && secretAccessKey !== null && { credentials: { accessKeyId, secretAccessKey } }),
  }
}
