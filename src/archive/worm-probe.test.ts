import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { BucketKind } from '../../test/fakes/s3/bucket.ts'
import type { Lies } from '../../test/fakes/s3/lies.ts'
import type { Permission, User } from '../../test/fakes/s3/signature.ts'
import { type FakeS3, startFakeS3 } from '../../test/fakes/s3.ts'
import { bucketAssault, lockedBucket } from './locked-bucket.ts'
import { valueOf } from './objects.contract.ts'
import { openS3 } from './s3-client.ts'
import { probeWorm } from './worm-probe.ts'

let fake: FakeS3 | null = null
afterEach(() => fake?.close())

type Setting = { readonly kind?: BucketKind; readonly permissions?: readonly Permission[]; readonly disturb?: FakeS3['disturb'] }

async function probe(lies: Partial<Lies>, { kind = { lock: true }, permissions, disturb }: Setting = {}) {
  fake = await startFakeS3(lies)
  if (disturb) fake.disturb = disturb
  fake.makeBucket('vault', kind)
  const user: User = permissions ? fake.addUser(permissions) : fake.admin
  const settings = { bucket: 'vault', prefix: '', region: fake.region, endpoint: fake.endpoint, pathStyle: true }
  const parts = { client: openS3(settings, user), settings }
  return probeWorm({ locked: lockedBucket(parts), assault: bucketAssault(parts), clock: Date.now, random: randomBytes })
}

describe('the WORM probe', () => {
  it('calls an honest store WORM, after ten attempts and the proof that it could have deleted', async () => {
    const report = valueOf(await probe({}))
    expect(report.lines.filter(({ result }) => result !== 'held')).toEqual([])
    expect({ verdict: report.verdict, lines: report.lines.length }).toEqual({ verdict: 'worm', lines: 11 })
  })

  it('leaves its canaries locked for a day, and no legal hold on any', async () => {
    const report = valueOf(await probe({}))
    const bucket = fake?.bucket('vault')
    const left = bucket?.keys().flatMap((key) => bucket.versionsOf(key)) ?? []
    expect(left.every(({ key, hold }) => key.startsWith(`${report.canaries}/`) && hold !== 'ON')).toBe(true)
    expect(left.filter(({ retention }) => retention?.mode === 'COMPLIANCE').length).toBeGreaterThanOrEqual(9)
  })

  it.each<[string, Partial<Lies>, string, string]>([
    [
      'lets DELETE of a locked version succeed',
      { deletesLocked: true },
      'delete the version',
      'the server lets a locked version be deleted: it said yes, and the version is gone',
    ],
    [
      'denies a delete and deletes',
      { deniesYetDeletes: true },
      'delete the version',
      'the server lets a locked version be deleted: it said no, and the version is gone',
    ],
    [
      'forgets locks in a delete of many',
      { deletesLockedInBulk: true },
      'delete the version among many',
      'the server forgets locks when many objects are deleted at once: it said yes, and the version is gone',
    ],
    [
      'lets COMPLIANCE be bypassed',
      { bypassesCompliance: true },
      'delete the version, bypassing governance',
      'the server lets COMPLIANCE be bypassed: it said yes, and the version is gone',
    ],
    [
      'lets a lock be shortened',
      { shortens: true },
      'shorten the lock to an hour',
      'the server lets a lock be shortened: it said yes, and the lock ends earlier than it was set',
    ],
    [
      'lets a lock be taken off',
      { shortens: true },
      'take the lock off, bypassing governance',
      'the server lets a lock be taken off: it said yes, and the version has no lock',
    ],
    [
      'lets a lock be weakened',
      { shortens: true },
      'turn COMPLIANCE into GOVERNANCE',
      'the server lets a lock be weakened: it said yes, and the lock is of mode GOVERNANCE',
    ],
    [
      'holds nothing by a legal hold',
      { ignoresHold: true },
      'delete a version under legal hold',
      'a legal hold holds nothing: it said yes, and the version is gone',
    ],
    [
      'takes the lock off with the hold',
      { holdReleasesRetention: true },
      'delete the version after its legal hold was taken off',
      'taking off a legal hold takes the lock off with it: it said yes, and the version is gone',
    ],
    [
      'replaces versions in place',
      { overwritesInPlace: true },
      'put other bytes over it',
      'a put replaces a locked version: it said yes, and the version reads as other bytes',
    ],
    [
      'ignores retention',
      { ignoresRetention: true },
      'lock an object in COMPLIANCE mode for a day',
      'the server took the lock and did not keep it: the version has no lock',
    ],
    [
      'knows no Object Lock',
      { knowsNoLock: true },
      'lock an object in COMPLIANCE mode for a day',
      'the server cannot lock: bucket `vault` answered NotImplemented (501): A header you provided implies functionality that is not implemented',
    ],
  ])('does not call WORM a store that %s, and says which', async (_, lies, attempt, sentence) => {
    const report = valueOf(await probe(lies))
    expect(report.verdict).toBe('not_worm')
    expect(report.lines).toContainEqual({ attempt, result: 'gave_way', sentence })
  })

  it.each<[string, BucketKind]>([
    ['without versions', {}],
    ['with versions and no lock', { versioning: true }],
  ])('does not call WORM a bucket %s', async (_, kind) => {
    const report = valueOf(await probe({}, { kind }))
    expect({ verdict: report.verdict, sentence: report.lines.at(-1)?.sentence }).toEqual({
      verdict: 'not_worm',
      sentence: expect.stringContaining('Bucket is missing Object Lock Configuration'),
    })
  })

  it('calls nothing WORM when its denials may be missing permissions', async () => {
    const report = valueOf(await probe({}, { permissions: ['s3:PutObjectRetention', 's3:PutObjectLegalHold', 's3:DeleteObject'] }))
    expect(report.verdict).toBe('unproven')
    expect(report.lines.at(-1)).toMatchObject({ result: 'unclear', sentence: expect.stringContaining('s3:BypassGovernanceRetention') })
  })

  it('is unproven, not WORM, when an attempt got no answer', async () => {
    const report = valueOf(await probe({}, { disturb: (method) => (method === 'POST' ? 'cut' : null) }))
    expect(report.verdict).toBe('unproven')
    expect(report.lines.filter(({ result }) => result !== 'held')).toEqual([
      { attempt: 'delete the version among many', result: 'unclear', sentence: expect.stringContaining('the server did not say no but') },
    ])
  })

  it('refuses, rather than judges, a store that cannot be reached or asked', async () => {
    expect(await probe({}, { permissions: [] })).toMatchObject({ ok: false, refusal: { code: 'denied' } })
    expect(fake?.bucket('vault').keys()).toEqual([])
  })
})
