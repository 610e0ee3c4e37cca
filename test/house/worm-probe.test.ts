import { afterEach, describe, expect, it } from 'vitest'
import type { Lies } from '../fakes/s3/lies.ts'
import type { Permission } from '../fakes/s3/signature.ts'
import { type FakeS3, startFakeS3 } from '../fakes/s3.ts'
import { run } from '../support/cli.ts'

/** `gatehouse journal worm-probe` against our double of S3: no real bucket is reached here. */
let fake: FakeS3 | null = null
afterEach(() => fake?.close())

async function probe(lies: Partial<Lies>, permissions: readonly Permission[] | null = null, ...more: readonly string[]) {
  fake = await startFakeS3(lies)
  fake.makeBucket('vault', { lock: true })
  const user = permissions === null ? fake.admin : fake.addUser(permissions)
  const where = ['--bucket', 's3://vault/journal', '--region', fake.region, '--endpoint', fake.endpoint, '--path-style']
  const env = { AWS_ACCESS_KEY_ID: user.accessKeyId, AWS_SECRET_ACCESS_KEY: user.secretAccessKey }
  return { ...(await run(['journal', 'worm-probe', ...where, ...more], { env })), secret: user.secretAccessKey }
}

describe('gatehouse journal worm-probe', () => {
  it('calls an honest store WORM, line by line', async () => {
    const { code, out, err } = await probe({})
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^s3:\/\/vault\/journal is WORM: /)
    expect(out.match(/^ {2}held: /gm)).toHaveLength(11)
  }, 20_000)

  it('refuses to call a store WORM that lets a locked version be deleted, and says what gave way', async () => {
    const { code, out } = await probe({ deletesLocked: true })
    expect(code).toBe(2)
    expect(out).toMatch(/^s3:\/\/vault\/journal IS NOT WORM: something gave way\n/)
    expect(out).toMatch(/ {2}GAVE WAY: delete the version: the server lets a locked version be deleted/)
  }, 20_000)

  it('proves nothing with credentials that may not delete anyway, and prints none of them', async () => {
    const { code, out, err, secret } = await probe({}, ['s3:PutObjectRetention', 's3:PutObjectLegalHold'], '--json')
    expect([code, (JSON.parse(out) as { readonly verdict: string }).verdict]).toEqual([2, 'unproven'])
    expect(out + err).not.toContain(secret)
  }, 20_000)

  it('says that it could not ask, where nobody answers or the bucket is none', async () => {
    const where = ['--bucket', 's3://vault', '--endpoint', 'http://127.0.0.1:9', '--path-style']
    const env = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' }
    expect(await run(['journal', 'worm-probe', ...where], { env })).toMatchObject({ code: 3, out: '', err: expect.stringMatching(/code: data_unreachable/) })
    expect(await run(['journal', 'worm-probe', '--bucket', 'vault'], { env })).toMatchObject({ code: 3, err: expect.stringMatching(/`vault` is no bucket/) })
  }, 20_000)
})
