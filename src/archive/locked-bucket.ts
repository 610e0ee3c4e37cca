import type { ListObjectVersionsCommandInput, S3Client } from '@aws-sdk/client-s3'
import { toBase64 } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import { done, refuse } from '../base/outcome.ts'
import { bounded } from './bucket.ts'
import type { Lock, LockAssault, LockedObjects } from './locked.ts'
import { mediaTypeOf } from './media.ts'
import type { BucketSettings } from './s3-client.ts'
import { askS3, codeOfS3 } from './s3-refusal.ts'
import { s3Sdk } from './s3-sdk.ts'

type Parts = { readonly client: S3Client; readonly settings: BucketSettings }

const place = ({ settings: { bucket, prefix } }: Parts) => {
  const root = prefix === '' ? '' : `${prefix}/`
  return (key: string) => ({ Bucket: bucket, Key: `${root}${key}` })
}

/** A bucket with S3 Object Lock. Each put carries its lock and the SHA-256 of its body, which the server checks. */
export function lockedBucket(parts: Parts): LockedObjects {
  const { client, settings } = parts
  const { GetObjectCommand, GetObjectRetentionCommand, HeadObjectCommand, PutObjectCommand } = s3Sdk()
  const at = place(parts)
  return {
    put: async (key, bytes, lock) => {
      const put = new PutObjectCommand({
        ...at(key),
        Body: bytes,
        ContentType: mediaTypeOf(key),
        ChecksumSHA256: toBase64(sha256(bytes)),
        ObjectLockMode: lock.mode,
        ObjectLockRetainUntilDate: new Date(lock.untilMs),
      })
      const sent = await askS3(settings.bucket, () => client.send(put))
      if (!sent.ok) return sent
      const { VersionId } = sent.value
      if (VersionId !== undefined && VersionId !== 'null') return done(VersionId)
      return refuse({ code: 'unsupported', detail: `bucket \`${settings.bucket}\` keeps no versions`, next: 'use a bucket made with Object Lock' })
    },
    get: (key, version) =>
      askS3(settings.bucket, async () => {
        const got = await orNull(['NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed'], () =>
          client.send(new GetObjectCommand({ ...at(key), VersionId: version })),
        )
        if (got === null) return null
        return got.Body ? await bounded(got.Body as AsyncIterable<Uint8Array>, key) : new Uint8Array(0)
      }),
    lockOf: (key, version) =>
      askS3(settings.bucket, async () => {
        const asked = new GetObjectRetentionCommand({ ...at(key), VersionId: version })
        const got = await orNull(['NoSuchObjectLockConfiguration', 'NoSuchKey', 'NoSuchVersion'], () => client.send(asked))
        const { Mode: mode, RetainUntilDate: until } = got?.Retention ?? {}
        return (mode === 'COMPLIANCE' || mode === 'GOVERNANCE') && until !== undefined ? { mode, untilMs: until.getTime() } : null
      }),
    storedAt: (key, version) =>
      askS3(settings.bucket, async () => {
        const asked = new HeadObjectCommand({ ...at(key), VersionId: version })
        const got = await orNull(['NotFound', 'NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed'], () => client.send(asked))
        return got?.LastModified?.getTime() ?? null
      }),
    list: (within, after) =>
      askS3(settings.bucket, async () => {
        const { Bucket, Key: root } = at('')
        const found = new Set<string>()
        let marker: PageMarker | null = after === '' ? {} : { KeyMarker: `${root}${after}` }
        // A page may hold delete markers alone, and is then not the end.
        while (marker !== null && found.size === 0) {
          const page: Awaited<ReturnType<typeof listPage>> = await listPage(client, { Bucket, Prefix: `${root}${within}`, ...marker })
          for (const { Key } of page.Versions ?? []) if (Key !== undefined) found.add(Key.slice(root.length))
          marker = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker } : null
        }
        return [...found]
      }),
    versions: (key) =>
      askS3(settings.bucket, async () => {
        const { Bucket, Key } = at(key)
        const found: string[] = []
        let marker: PageMarker | null = {}
        while (marker !== null) {
          const page: Awaited<ReturnType<typeof listPage>> = await listPage(client, { Bucket, Prefix: Key, ...marker })
          for (const one of page.Versions ?? []) if (one.Key === Key && one.VersionId !== undefined) found.push(one.VersionId)
          // Keys come in order: once past ours, longer ones that begin alike follow.
          marker = page.IsTruncated && page.NextKeyMarker === Key ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker } : null
        }
        return found
      }),
  }
}

/** What the probe asks of the same bucket. */
export function bucketAssault(parts: Parts): LockAssault {
  const { client, settings } = parts
  const { DeleteObjectCommand, DeleteObjectsCommand, PutObjectLegalHoldCommand, PutObjectRetentionCommand } = s3Sdk()
  const at = place(parts)
  const ask = (work: () => Promise<unknown>) =>
    askS3(settings.bucket, async () => {
      await work()
      return null
    })
  const named = (key: string, version: string) => ({ ...at(key), VersionId: version })
  const bypassing = (bypass: boolean) => (bypass ? { BypassGovernanceRetention: true } : {})
  return {
    hide: (key) => ask(() => client.send(new DeleteObjectCommand(at(key)))),
    remove: (key, version, { bypass }) => ask(() => client.send(new DeleteObjectCommand({ ...named(key, version), ...bypassing(bypass) }))),
    removeInBulk: (key, version) =>
      ask(async () => {
        const { Bucket, Key } = at(key)
        const { Errors } = await client.send(
          new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key, VersionId: version }] }, BypassGovernanceRetention: true }),
        )
        const [error] = Errors ?? []
        if (error) throw new BulkError(error.Code ?? 'AccessDenied', error.Message ?? '')
      }),
    relock: (key, version, lock, { bypass }) =>
      ask(() => client.send(new PutObjectRetentionCommand({ ...named(key, version), Retention: lock ? retentionOf(lock) : {}, ...bypassing(bypass) }))),
    hold: (key, version, on) => ask(() => client.send(new PutObjectLegalHoldCommand({ ...named(key, version), LegalHold: { Status: on ? 'ON' : 'OFF' } }))),
  }
}

/** An error of one object among many, which S3 puts into an answer of status 200. */
class BulkError extends Error {
  constructor(code: string, message: string) {
    super(message)
    this.name = code
  }
}

type PageMarker = { readonly KeyMarker?: string | undefined; readonly VersionIdMarker?: string | undefined }

const listPage = (client: S3Client, asked: ListObjectVersionsCommandInput) => client.send(new (s3Sdk().ListObjectVersionsCommand)(asked))

const retentionOf = ({ mode, untilMs }: Lock) => ({ Mode: mode, RetainUntilDate: new Date(untilMs) })

async function orNull<T>(codes: readonly string[], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (codes.includes(codeOfS3(error))) return null
    throw error
  }
}
