import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HONEST, type Lies } from './s3/lies.ts'
import { type FakeS3, startFakeS3 } from './s3.ts'

const DAY_MS = 86_400_000
const inDays = (days: number): Date => new Date(Math.ceil(Date.now() / 1000) * 1000 + days * DAY_MS)

let fake: FakeS3
beforeAll(async () => {
  fake = await startFakeS3()
  fake.makeBucket('plain')
  fake.makeBucket('versioned', { versioning: true })
  fake.makeBucket('locked', { lock: true })
  fake.makeBucket('defaulted', { lock: true, defaultRetention: { mode: 'GOVERNANCE', days: 3 } })
})
afterEach(() => {
  Object.assign(fake.lies, HONEST)
  fake.aheadMs = 0
})
afterAll(() => fake.close())

type Request = { method: string; path: string; headers: Record<string, string>; query: Record<string, string>; body?: unknown }
type Change = (request: Request) => void

/** The SDK itself, one try each, whose request may be changed before it is signed or after. */
function s3({
  before,
  after,
  user = fake.admin,
  ...more
}: {
  readonly before?: Change
  readonly after?: Change
  readonly user?: { accessKeyId: string; secretAccessKey: string }
  readonly region?: string
  readonly systemClockOffset?: number
} = {}) {
  const client = new S3Client({ region: fake.region, endpoint: fake.endpoint, forcePathStyle: true, credentials: user, maxAttempts: 1, ...more })
  const changing = (change: Change) => (next: (args: never) => Promise<never>) => (args: { request: unknown }) => {
    change(args.request as Request)
    return next(args as never)
  }
  if (before) client.middlewareStack.add(changing(before) as never, { step: 'build', priority: 'low' })
  if (after) client.middlewareStack.addRelativeTo(changing(after) as never, { relation: 'after', toMiddleware: 'httpSigningMiddleware', name: 'tamper' })
  return client
}

/** S3's code and status of a call that must fail. */
async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'it succeeded'
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } }
    return `${name} ${$metadata?.httpStatusCode}`
  }
}

const put = (Bucket: string, Key: string, Body = 'x', more: object = {}) => new PutObjectCommand({ Bucket, Key, Body, ...more })
const locked = (Key: string, mode: 'COMPLIANCE' | 'GOVERNANCE', days = 1, more: object = {}) =>
  put('locked', Key, 'x', { ObjectLockMode: mode, ObjectLockRetainUntilDate: inDays(days), ...more })
const version = async (command: PutObjectCommand): Promise<string> => (await s3().send(command)).VersionId ?? ''

describe('signatures', () => {
  it('lets in what the SDK signs, with odd characters in key and query', async () => {
    for (const Key of ['a b', 'ü/€', "it's(1)*!", 'a+b', 'a%2Fb', '~tilde', 'a=b&c']) {
      await s3().send(put('plain', Key, `of ${Key}`))
      expect(await (await s3().send(new GetObjectCommand({ Bucket: 'plain', Key }))).Body?.transformToString()).toBe(`of ${Key}`)
      expect((await s3().send(new ListObjectsV2Command({ Bucket: 'plain', Prefix: Key }))).Contents?.map((one) => one.Key)).toEqual([Key])
    }
  })

  it.each<[string, Change, string]>([
    ['another body', (r) => (r.body = 'forged!'), 'XAmzContentSHA256Mismatch 400'],
    ['another key', (r) => (r.path = '/plain/other'), 'SignatureDoesNotMatch 403'],
    ['another query', (r) => (r.query['versionId'] = 'null'), 'SignatureDoesNotMatch 403'],
    ['another signed header', (r) => (r.headers['x-amz-content-sha256'] = '0'.repeat(64)), 'SignatureDoesNotMatch 403'],
    ['an x-amz header that nobody signed', (r) => (r.headers['x-amz-bypass-governance-retention'] = 'true'), 'AccessDenied 403'],
    ['no signature', (r) => delete r.headers['authorization'], 'AccessDenied 403'],
    ['half a signature', (r) => (r.headers['authorization'] = r.headers['authorization']?.slice(0, -10) ?? ''), 'AuthorizationHeaderMalformed 400'],
  ])('turns away a request with %s, and writes nothing', async (_, after, code) => {
    const seen = fake.bucket('plain').keys().length
    expect(await failure(s3({ after }).send(put('plain', 'forged', 'genuine')))).toBe(code)
    expect(fake.bucket('plain').keys().length).toBe(seen)
  })

  it('turns away a wrong secret, an unknown key, another region and a clock that is wrong by more than fifteen minutes', async () => {
    const ask = (more: Parameters<typeof s3>[0]) => failure(s3(more).send(put('plain', 'forged')))
    expect(await ask({ user: { ...fake.admin, secretAccessKey: 'wrong' } })).toBe('SignatureDoesNotMatch 403')
    expect(await ask({ user: { ...fake.admin, accessKeyId: 'NOBODY' } })).toBe('InvalidAccessKeyId 403')
    expect(await ask({ region: 'us-east-1' })).toBe('AuthorizationHeaderMalformed 400')
    for (const minutes of [16, -16]) expect(await ask({ systemClockOffset: minutes * 60_000 })).toBe('RequestTimeTooSkewed 403')
    for (const minutes of [14, -14]) expect(await ask({ systemClockOffset: minutes * 60_000 })).toBe('it succeeded')
  })
})

describe('objects', () => {
  it('are put on condition that none stands there, which a delete marker does not', async () => {
    const once = put('versioned', 'once', 'x', { IfNoneMatch: '*' })
    expect(await failure(s3().send(once))).toBe('it succeeded')
    expect(await failure(s3().send(once))).toBe('PreconditionFailed 412')
    await s3().send(new DeleteObjectCommand({ Bucket: 'versioned', Key: 'once' }))
    expect(await failure(s3().send(once))).toBe('it succeeded')
    expect(await failure(s3().send(put('versioned', 'once', 'x', { IfNoneMatch: '"etag"' })))).toBe('NotImplemented 501')
  })

  it.each([
    [{ ChecksumSHA256: 'A'.repeat(43) + '=' }, 'BadDigest 400'],
    [{ ContentMD5: 'A'.repeat(22) + '==' }, 'BadDigest 400'],
    [{ ContentMD5: 'short' }, 'InvalidDigest 400'],
  ])('are held against the checksum that comes with them: %o', async (more, code) => {
    expect(await failure(s3().send(put('plain', 'checked', 'x', more)))).toBe(code)
    expect(fake.bucket('plain').versionsOf('checked')).toEqual([])
  })

  it('that are not there, or are markers, answer as S3 does', async () => {
    const get = (more: object) => failure(s3().send(new GetObjectCommand({ Bucket: 'versioned', Key: 'gone', ...more })))
    expect(await get({})).toBe('NoSuchKey 404')
    expect(await failure(s3().send(new GetObjectCommand({ Bucket: 'nowhere', Key: 'x' })))).toBe('NoSuchBucket 404')
    const first = await version(put('versioned', 'gone', 'kept'))
    const marker = (await s3().send(new DeleteObjectCommand({ Bucket: 'versioned', Key: 'gone' }))).VersionId ?? ''
    expect(await get({})).toBe('NoSuchKey 404')
    expect(await get({ VersionId: marker })).toBe('MethodNotAllowed 405')
    expect(await get({ VersionId: 'bad' })).toBe('InvalidArgument 400')
    expect(await get({ VersionId: 'x'.repeat(32) })).toBe('NoSuchVersion 404')
    expect(await get({ VersionId: first })).toBe('it succeeded')
    expect(await failure(s3().send(new HeadObjectCommand({ Bucket: 'versioned', Key: 'gone' })))).toBe('NotFound 404')
  })

  it('and their versions are listed in pages, newest first', async () => {
    const ids: string[] = []
    for (const text of ['one', 'two', 'three']) ids.unshift(await version(put('versioned', 'list/a', text)))
    ids.push(await version(put('versioned', 'list/b')))
    const listed: (string | undefined)[] = []
    let marker = {}
    for (let more = true; more; ) {
      const page = await s3().send(new ListObjectVersionsCommand({ Bucket: 'versioned', Prefix: 'list/', MaxKeys: 1, ...marker }))
      listed.push(...(page.Versions ?? []).map(({ VersionId }) => VersionId))
      more = page.IsTruncated === true
      marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
    }
    expect(listed).toEqual(ids)
  })

  it('know no copies, ranges or parts: these are not implemented, and never half done', async () => {
    expect(await failure(s3({ before: (r) => (r.headers['x-amz-copy-source'] = 'plain/a') }).send(put('plain', 'copy')))).toBe('NotImplemented 501')
    expect(await failure(s3().send(new GetObjectCommand({ Bucket: 'plain', Key: 'a b', Range: 'bytes=0-1' })))).toBe('NotImplemented 501')
    expect(await failure(s3({ before: (r) => (r.query['uploads'] = '') }).send(put('plain', 'parts')))).toBe('NotImplemented 501')
  })
})

describe('a lock', () => {
  const remove = (Key: string, VersionId: string, more: object = {}) => s3().send(new DeleteObjectCommand({ Bucket: 'locked', Key, VersionId, ...more }))
  const retain = (Key: string, VersionId: string, Retention: object, more: object = {}) =>
    s3().send(new PutObjectRetentionCommand({ Bucket: 'locked', Key, VersionId, Retention, ...more }))
  const hold = (Key: string, VersionId: string, Status: 'ON' | 'OFF') =>
    s3().send(new PutObjectLegalHoldCommand({ Bucket: 'locked', Key, VersionId, LegalHold: { Status } }))

  it.each<[string, Change, string]>([
    ['without a mode', (r) => delete r.headers['x-amz-object-lock-mode'], 'InvalidArgument 400'],
    ['without a date', (r) => delete r.headers['x-amz-object-lock-retain-until-date'], 'InvalidArgument 400'],
    ['of an unknown mode', (r) => (r.headers['x-amz-object-lock-mode'] = 'compliance'), 'InvalidArgument 400'],
    ['until yesterday', (r) => (r.headers['x-amz-object-lock-retain-until-date'] = inDays(-1).toISOString()), 'InvalidArgument 400'],
    ['until some day', (r) => (r.headers['x-amz-object-lock-retain-until-date'] = 'tomorrow'), 'InvalidArgument 400'],
    [
      'without a checksum',
      (r) => {
        for (const name of Object.keys(r.headers)) if (/checksum|content-md5/.test(name)) delete r.headers[name]
      },
      'InvalidRequest 400',
    ],
  ])('%s is not taken, nor the object', async (_, before, code) => {
    expect(await failure(s3({ before }).send(locked('refused', 'COMPLIANCE')))).toBe(code)
    expect(fake.bucket('locked').versionsOf('refused')).toEqual([])
  })

  it('is only for buckets that were made for it', async () => {
    const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: inDays(1) }
    for (const name of ['plain', 'versioned']) expect(await failure(s3().send(put(name, 'refused', 'x', lock)))).toBe('InvalidRequest 400')
    expect(await failure(s3().send(new GetObjectLockConfigurationCommand({ Bucket: 'plain' })))).toBe('ObjectLockConfigurationNotFoundError 404')
    const suspend = new PutBucketVersioningCommand({ Bucket: 'locked', VersioningConfiguration: { Status: 'Suspended' } })
    expect(await failure(s3().send(suspend))).toBe('InvalidBucketState 409')
    expect((await s3().send(new GetBucketVersioningCommand({ Bucket: 'locked' }))).Status).toBe('Enabled')
  })

  it('comes by default where the bucket says so', async () => {
    const id = await version(put('defaulted', 'plain put'))
    const { Retention } = await s3().send(new GetObjectRetentionCommand({ Bucket: 'defaulted', Key: 'plain put', VersionId: id }))
    expect(Retention?.Mode).toBe('GOVERNANCE')
    expect(Math.round(((Retention?.RetainUntilDate?.getTime() ?? 0) - Date.now()) / DAY_MS)).toBe(3)
  })

  it.each(['COMPLIANCE', 'GOVERNANCE'] as const)('of %s keeps its version until its time, through markers and newer versions', async (mode) => {
    const id = await version(locked(`kept ${mode}`, mode))
    await s3().send(locked(`kept ${mode}`, mode))
    await s3().send(new DeleteObjectCommand({ Bucket: 'locked', Key: `kept ${mode}` }))
    expect(await failure(remove(`kept ${mode}`, id))).toBe('AccessDenied 403')
    fake.aheadMs = DAY_MS + 5000
    expect(await failure(remove(`kept ${mode}`, id))).toBe('it succeeded')
    expect(
      fake
        .bucket('locked')
        .versionsOf(`kept ${mode}`)
        .some((one) => one.id === id),
    ).toBe(false)
  })

  it('of COMPLIANCE gives way to nobody; of GOVERNANCE to who may bypass and says so', async () => {
    const mayBypass = { BypassGovernanceRetention: true }
    const strict = await version(locked('strict', 'COMPLIANCE'))
    expect(await failure(remove('strict', strict, mayBypass))).toBe('AccessDenied 403')
    for (const lesser of [{ Mode: 'COMPLIANCE', RetainUntilDate: inDays(0.5) }, { Mode: 'GOVERNANCE', RetainUntilDate: inDays(2) }, {}])
      expect(await failure(retain('strict', strict, lesser, mayBypass))).toBe('AccessDenied 403')
    expect(await failure(retain('strict', strict, { Mode: 'COMPLIANCE', RetainUntilDate: inDays(2) }))).toBe('it succeeded')
    const loose = await version(locked('loose', 'GOVERNANCE'))
    expect(await failure(retain('loose', loose, { Mode: 'GOVERNANCE', RetainUntilDate: inDays(0.5) }))).toBe('AccessDenied 403')
    expect(await failure(retain('loose', loose, { Mode: 'GOVERNANCE', RetainUntilDate: inDays(0.5) }, mayBypass))).toBe('it succeeded')
    const clerk = fake.addUser(['s3:DeleteObjectVersion'])
    const byClerk = new DeleteObjectCommand({ Bucket: 'locked', Key: 'loose', VersionId: loose, ...mayBypass })
    expect(await failure(s3({ user: clerk }).send(byClerk))).toBe('AccessDenied 403')
    expect(await failure(remove('loose', loose, mayBypass))).toBe('it succeeded')
  })

  it('among many to be deleted keeps its own and lets the others go', async () => {
    const [kept, free] = [await version(locked('bulk', 'COMPLIANCE')), await version(put('locked', 'bulk'))]
    const Objects = [kept, free].map((VersionId) => ({ Key: 'bulk', VersionId }))
    const result = await s3().send(new DeleteObjectsCommand({ Bucket: 'locked', Delete: { Objects }, BypassGovernanceRetention: true }))
    expect(result.Errors?.map(({ Code, VersionId }) => [Code, VersionId])).toEqual([['AccessDenied', kept]])
    expect(result.Deleted?.map(({ VersionId }) => VersionId)).toEqual([free])
    expect(
      fake
        .bucket('locked')
        .versionsOf('bulk')
        .map(({ id }) => id),
    ).toEqual([kept])
  })

  it('by legal hold holds until it is taken off, bypass or not', async () => {
    const id = await version(put('locked', 'held'))
    expect(await failure(s3().send(new GetObjectLegalHoldCommand({ Bucket: 'locked', Key: 'held' })))).toBe('NoSuchObjectLockConfiguration 404')
    await hold('held', id, 'ON')
    expect(await failure(remove('held', id, { BypassGovernanceRetention: true }))).toBe('AccessDenied 403')
    await hold('held', id, 'OFF')
    expect((await s3().send(new GetObjectLegalHoldCommand({ Bucket: 'locked', Key: 'held' }))).LegalHold?.Status).toBe('OFF')
    expect(await failure(remove('held', id))).toBe('it succeeded')
  })

  it('cannot be read of what has none, or set on a marker', async () => {
    const id = await version(put('locked', 'none'))
    expect(await failure(s3().send(new GetObjectRetentionCommand({ Bucket: 'locked', Key: 'none', VersionId: id })))).toBe('NoSuchObjectLockConfiguration 404')
    const marker = (await s3().send(new DeleteObjectCommand({ Bucket: 'locked', Key: 'none' }))).VersionId ?? ''
    expect(await failure(retain('none', marker, { Mode: 'COMPLIANCE', RetainUntilDate: inDays(1) }))).toBe('MethodNotAllowed 405')
  })

  it.each(['s3:PutObjectRetention', 's3:PutObjectLegalHold', 's3:DeleteObjectVersion', 's3:DeleteObject'] as const)(
    'asks for the permission %s',
    async (missing) => {
      const id = await version(put('locked', 'permitted'))
      const rest = (['s3:PutObjectRetention', 's3:PutObjectLegalHold', 's3:DeleteObjectVersion', 's3:DeleteObject'] as const).filter((one) => one !== missing)
      const at = { Bucket: 'locked', Key: 'permitted' }
      const calls = {
        's3:PutObjectRetention': () => locked('permitted', 'GOVERNANCE'),
        's3:PutObjectLegalHold': () => put('locked', 'permitted', 'x', { ObjectLockLegalHoldStatus: 'OFF' }),
        's3:DeleteObjectVersion': () => new DeleteObjectCommand({ ...at, VersionId: id }),
        's3:DeleteObject': () => new DeleteObjectCommand(at),
      }
      expect(await failure(s3({ user: fake.addUser(rest) }).send(calls[missing]() as never))).toBe('AccessDenied 403')
      expect(fake.bucket('locked').versionsOf('permitted')[0]?.id).toBe(id)
    },
  )
})

describe('lies', () => {
  it.each<[keyof Lies, boolean]>([
    ['deletesLocked', true],
    ['bypassesCompliance', true],
    ['shortens', false],
    ['ignoresConditions', false],
  ])('%s is told only when asked for, and is then about that alone (deletes a locked version: %s)', async (lie, deletes) => {
    const id = await version(locked(`lie ${lie}`, 'COMPLIANCE'))
    const remove = () => failure(s3().send(new DeleteObjectCommand({ Bucket: 'locked', Key: `lie ${lie}`, VersionId: id, BypassGovernanceRetention: true })))
    expect(await remove()).toBe('AccessDenied 403')
    fake.lies[lie] = true
    expect(await remove()).toBe(deletes ? 'it succeeded' : 'AccessDenied 403')
  })
})
