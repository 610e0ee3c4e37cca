import { randomBytes } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeS3, startFakeS3 } from '../../test/fakes/s3.ts'
import { realBucket } from '../../test/support/real-bucket.ts'
import { utf8 } from '../base/bytes.ts'
import { bucketObjects } from './bucket.ts'
import { objectsContract, valueOf } from './objects.contract.ts'
import type { Objects } from './objects.ts'
import { type BucketSettings, openS3 } from './s3-client.ts'

describe('a bucket of the strict double', () => {
  let fake: FakeS3
  const settings = (more: Partial<BucketSettings> = {}): BucketSettings => ({
    bucket: 'journal',
    prefix: '',
    region: fake.region,
    endpoint: fake.endpoint,
    pathStyle: true,
    ...more,
  })
  const opened = (more: Partial<BucketSettings> = {}, credentials = fake.admin): Objects =>
    bucketObjects({ client: openS3(settings(more), credentials), settings: settings(more) })

  beforeAll(async () => {
    fake = await startFakeS3()
    for (const name of ['journal', 'contract']) fake.makeBucket(name)
    fake.makeBucket('versioned', { versioning: true })
  })
  afterAll(() => fake.close())

  describe('as it comes', () => {
    const plain = () => opened({ bucket: 'contract' })
    objectsContract(() => Promise.resolve({ objects: plain(), other: plain(), close: () => Promise.resolve() }))
  })

  describe('with versions, under a prefix', () => {
    const under = () => opened({ bucket: 'versioned', prefix: 'house/journal' })
    objectsContract(() => Promise.resolve({ objects: under(), other: under(), close: () => Promise.resolve() }))
  })

  it('sends the media types and cache headers of tlog-tiles, and puts without a condition only the checkpoint', async () => {
    const objects = opened({ prefix: 'headers' })
    for (const path of ['checkpoint', 'tile/0/000', 'tile/entries/000.p/1']) valueOf(await objects.put(path, utf8('x')))
    const headersOf = (path: string) => fake.bucket('journal').versionsOf(`headers/${path}`)[0]?.headers
    expect(headersOf('checkpoint')).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' })
    for (const path of ['tile/0/000', 'tile/entries/000.p/1'])
      expect(headersOf(path)).toMatchObject({ 'content-type': 'application/octet-stream', 'cache-control': 'max-age=31536000, immutable' })
  })

  it('reads no object that is longer than anything of a log', async () => {
    const endless = {
      send: () =>
        Promise.resolve({
          Body: (async function* () {
            for (;;) yield new Uint8Array(1 << 20)
          })(),
        }),
    }
    const got = await bucketObjects({ client: endless as unknown as S3Client, settings: settings() }).get('tile/0/000')
    expect(got).toMatchObject({ ok: false, refusal: { detail: expect.stringContaining('`tile/0/000` is longer than anything of a log') } })
  })

  it('takes its own object for standing when the answer to the put was lost', async () => {
    let lost = 0
    fake.disturb = (method) => (method === 'PUT' && lost++ === 0 ? 'lose' : null)
    try {
      expect(valueOf(await opened().put('tile/0/lost', utf8('mine')))).toBe('stood')
    } finally {
      fake.disturb = () => null
    }
    expect(fake.seen.filter((line) => line.includes('tile/0/lost'))).toEqual(['PUT tile/0/lost 200', 'PUT tile/0/lost 412', 'GET tile/0/lost 200'])
  })

  it.each(['SlowDown', 'cut'] as const)('tries again after `%s`, four times and no more', async (trouble) => {
    let tries = 0
    const path = `tile/0/${trouble.toLowerCase()}`
    fake.disturb = () => (tries++ < 2 ? trouble : null)
    expect(valueOf(await opened().put(path, utf8('x')))).toBe('written')
    expect(tries).toBe(3)
    tries = 0
    fake.disturb = () => (tries++, trouble)
    expect(await opened().put(`${path}-2`, utf8('x'))).toMatchObject({ ok: false, refusal: { code: 'unreachable' } })
    expect(tries).toBe(4)
    fake.disturb = () => null
    expect(valueOf(await opened().get(`${path}-2`))).toBeNull()
  })

  it.each([
    ['a bucket that is not there', { bucket: 'nowhere' }, {}, 'missing', 'NoSuchBucket (404)', 'make the bucket'],
    ['a wrong secret', {}, { secretAccessKey: randomBytes(30).toString('base64') }, 'denied', 'SignatureDoesNotMatch (403)', 'correct the secret key'],
    ['a key nobody knows', {}, { accessKeyId: 'AKIANOBODY' }, 'denied', 'InvalidAccessKeyId (403)', 'correct the access key'],
    ['another region', { region: 'us-east-1' }, {}, 'missing', 'AuthorizationHeaderMalformed (400)', 'own region'],
    ['a port where nobody listens', { endpoint: 'http://127.0.0.1:1' }, {}, 'unreachable', 'ECONNREFUSED', 'can be reached'],
  ] as const)('says of %s what is wrong and what to do', async (_, more, wrong, code, cause, next) => {
    const credentials = { ...fake.admin, ...wrong }
    const refused = await opened(more, credentials).put('tile/0/refused', utf8('x'))
    expect(refused).toMatchObject({ ok: false, refusal: { code, detail: expect.stringContaining(cause), next: expect.stringContaining(next) } })
    expect(JSON.stringify(refused)).not.toContain(credentials.secretAccessKey)
  })

  it('may not remove without the permission', async () => {
    valueOf(await opened().put('tile/0/000.p/1', utf8('x')))
    expect(await opened({}, fake.addUser([])).removePartial('tile/0/000.p/1')).toMatchObject({ ok: false, refusal: { code: 'denied' } })
    expect(valueOf(await opened().get('tile/0/000.p/1'))).toEqual(utf8('x'))
  })
})

const real = realBucket()
describe.skipIf(real === null)(
  'a real bucket, where its credentials are given (skipped aloud: GATEHOUSE_S3_BUCKET is not set, no real bucket was reached)',
  () => {
    objectsContract(() => {
      if (real === null) throw new Error('no bucket was named')
      const settings = { ...real.settings, prefix: `contract-${randomBytes(6).toString('hex')}` }
      const open = () => bucketObjects({ client: openS3(settings, real.credentials), settings })
      return Promise.resolve({ objects: open(), other: open(), close: () => Promise.resolve() })
    })
  },
)
