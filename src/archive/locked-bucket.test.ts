import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeS3, startFakeS3 } from '../../test/fakes/s3.ts'
import { realBucket } from '../../test/support/real-bucket.ts'
import { utf8 } from '../base/bytes.ts'
import { lockedContract } from './locked.contract.ts'
import { bucketAssault, lockedBucket } from './locked-bucket.ts'
import { openS3 } from './s3-client.ts'

describe('a bucket of the strict double with Object Lock', () => {
  let fake: FakeS3
  const partsOf = (bucket: string) => {
    const settings = { bucket, prefix: 'house', region: fake.region, endpoint: fake.endpoint, pathStyle: true }
    return { client: openS3(settings, fake.admin), settings }
  }
  beforeAll(async () => {
    fake = await startFakeS3()
    fake.makeBucket('locked', { lock: true })
    fake.makeBucket('versioned', { versioning: true })
    fake.makeBucket('plain')
  })
  afterAll(() => fake.close())

  lockedContract(() => Promise.resolve({ locked: lockedBucket(partsOf('locked')), assault: bucketAssault(partsOf('locked')), now: () => Date.now() }))

  it.each(['plain', 'versioned'])('refuses a %s bucket, which cannot lock, and leaves nothing in it', async (name) => {
    const put = await lockedBucket(partsOf(name)).put('tile/0/000', utf8('x'), { mode: 'COMPLIANCE', untilMs: Date.now() + 60_000 })
    expect(put).toMatchObject({ ok: false, refusal: { code: 'rejected', detail: expect.stringContaining('Bucket is missing Object Lock Configuration') } })
    expect(fake.bucket(name).keys()).toEqual([])
  })

  it('finds its own versions past a page of them, and keys past a page of delete markers', async () => {
    const locked = lockedBucket(partsOf('locked'))
    const bucket = fake.bucket('locked')
    for (let i = 0; i < 1005; i++) bucket.put({ key: 'house/busy', bytes: utf8(`${i}`), headers: {}, retention: null, hold: null })
    for (let i = 0; i < 1005; i++) bucket.hide('house/buss')
    expect(await locked.list('bus', '')).toEqual({ ok: true, value: ['busy'] })
    const versions = await locked.versions('busy')
    expect(versions.ok && versions.value).toEqual(bucket.versionsOf('house/busy').map(({ id }) => id))
  })
})

const real = realBucket()
describe.skipIf(real === null)('a real bucket with Object Lock (skipped aloud: GATEHOUSE_S3_BUCKET is not set, no real bucket was reached)', () => {
  lockedContract(() => {
    if (real === null) throw new Error('no bucket was named')
    const parts = { client: openS3(real.settings, real.credentials), settings: real.settings }
    return Promise.resolve({ locked: lockedBucket(parts), assault: bucketAssault(parts), now: () => Date.now() })
  })
})
