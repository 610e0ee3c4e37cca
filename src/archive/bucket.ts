import type { S3Client } from '@aws-sdk/client-s3'
import { sameBytes, toBase64 } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { OBJECT_BYTES_MAX } from '../log/tile.ts'
import { cacheControlOf, mediaTypeOf } from './media.ts'
import { assertPartial, assertPath, CHECKPOINT, LIST_PAGE, type Objects, type Put } from './objects.ts'
import { type ArchiveRefusal, conflict } from './refusal.ts'
import type { BucketSettings } from './s3-client.ts'
import { askS3, codeOfS3, statusOfS3 } from './s3-refusal.ts'
import { s3Sdk } from './s3-sdk.ts'

const CONFLICT_TRIES = 5

/**
 * An archive in an S3 bucket, under the paths of C2SP with its media types and cache headers. Immutability rests on conditional puts
 * (`If-None-Match: *`): the server must honour them, as AWS and its newer likes do. Each body's SHA-256 goes with it and is checked there.
 */
export function bucketObjects({ client, settings: { bucket, prefix } }: { readonly client: S3Client; readonly settings: BucketSettings }): Objects {
  const { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } = s3Sdk()
  const root = prefix === '' ? '' : `${prefix}/`
  const at = (path: string) => ({ Bucket: bucket, Key: `${root}${path}` })

  function send(path: string, bytes: Uint8Array): Promise<unknown> {
    const headers = { ContentType: mediaTypeOf(path), CacheControl: cacheControlOf(path), ChecksumSHA256: toBase64(sha256(bytes)) }
    return client.send(new PutObjectCommand({ ...at(path), ...headers, Body: bytes, ...(path !== CHECKPOINT && { IfNoneMatch: '*' }) }))
  }

  async function read(path: string): Promise<Uint8Array | null> {
    try {
      const { Body } = await client.send(new GetObjectCommand(at(path)))
      return Body ? await bounded(Body as AsyncIterable<Uint8Array>, path) : new Uint8Array(0)
    } catch (error) {
      if (codeOfS3(error) === 'NoSuchKey') return null
      throw error
    }
  }

  async function put(path: string, bytes: Uint8Array, triesLeft: number): Promise<Put | 'conflict'> {
    try {
      await send(path, bytes)
      return 'written'
    } catch (error) {
      const status = statusOfS3(error)
      // 409: another put to the name was under way. Who won is seen on the next try.
      if (status === 409 && triesLeft > 1) return put(path, bytes, triesLeft - 1)
      if (status !== 412) throw error
      // Also after an answer that was lost: then it is our own that stands.
      const standing = await read(path)
      return standing !== null && sameBytes(standing, bytes) ? 'stood' : 'conflict'
    }
  }

  return {
    get: (path) => {
      assertPath(path)
      return askS3(bucket, () => read(path))
    },
    put: async (path, bytes): Promise<Outcome<Put, ArchiveRefusal>> => {
      assertPath(path)
      const outcome = await askS3(bucket, () => put(path, bytes, CONFLICT_TRIES))
      if (!outcome.ok) return outcome
      return outcome.value === 'conflict' ? refuse(conflict(path)) : done(outcome.value)
    },
    list: (within, after) =>
      askS3(bucket, async () => {
        const start = after === '' ? {} : { StartAfter: `${root}${after}` }
        const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${root}${within}`, MaxKeys: LIST_PAGE, ...start }))
        return (Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key.slice(root.length)]))
      }),
    removePartial: (path) => {
      assertPartial(path)
      return askS3(bucket, async () => {
        await client.send(new DeleteObjectCommand(at(path)))
        return null
      })
    },
  }
}

/** Whoever keeps the bucket may send without end: what is longer than anything of a log is not read on. */
export async function bounded(body: AsyncIterable<Uint8Array>, path: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body) {
    length += part.length
    if (length > OBJECT_BYTES_MAX) throw new Error(`\`${path}\` is longer than anything of a log`)
    parts.push(part)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
