import type { BucketSettings } from './s3-client.ts'

export type BucketServer = { readonly region: string; readonly endpoint?: string | null; readonly pathStyle: boolean }

/** Where `s3://bucket/prefix` is on this server, or null when that is no such address. */
export function bucketSettings(address: string, { region, endpoint = null, pathStyle }: BucketServer): BucketSettings | null {
  const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*?))?\/?$/.exec(address) ?? []
  return bucket === undefined ? null : { bucket, prefix, region, endpoint, pathStyle }
}
