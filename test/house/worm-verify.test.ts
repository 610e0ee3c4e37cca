import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toBase64url, toHex } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/digest.ts'
import { signedCheckpoint } from '../../src/log/checkpoint.ts'
import { formatVkey } from '../../src/log/note-key.ts'
import { run } from '../support/cli.ts'
import { type FreshJournal, freshJournal } from '../support/journal.ts'
import { KEPT_BUCKET, type KeptCopy, keptCopy } from '../support/kept-copy.ts'

/** Of the house nothing is left but its copy under lock, in our double of S3: no real bucket is reached here. */
const CIPHERTEXT = Buffer.from('ciphertext')
let fresh: FreshJournal
let copy: KeptCopy
let place: string
let key: string
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'gatehouse-worm-'))
  fresh = await freshJournal()
  const digest = sha256(CIPHERTEXT)
  copy = await keptCopy([{ digest: toHex(digest), class: 'ask', ciphertext: CIPHERTEXT }])
  const payload = { alg: 'A256GCM', digest: toBase64url(digest), size: CIPHERTEXT.length, keyId: 'k-1' }
  await fresh.journal.record({ kind: 'ask.answered', outcome: 'done', detail: { payload } })
  await fresh.fill(299)
  await fresh.sign()
  await copy.fill(fresh.store, fresh.key)
  key = join(place, 'log.vkey')
  writeFileSync(key, `${formatVkey(fresh.key)}\n`)
}, 60_000)
afterAll(async () => {
  await copy.close()
  await fresh.close()
  rmSync(place, { recursive: true, force: true })
})

function journal(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { admin, region, endpoint } = copy.fake
  const where = ['--region', region, '--endpoint', endpoint, '--path-style']
  return run(['journal', command, '--key', key, ...where, ...args], {
    env: { AWS_ACCESS_KEY_ID: admin.accessKeyId, AWS_SECRET_ACCESS_KEY: admin.secretAccessKey, ...env },
  })
}
const bucket = ['--bucket', `s3://${KEPT_BUCKET}/log`]

describe('the copy under lock', () => {
  it('verifies by itself, and what it lacks is told in words and as JSON', async () => {
    expect(await journal('verify', bucket)).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(
        /^the journal verifies: 256 entries, 1 checkpoints, .*\n {2}it has full bundles alone: 256 of the 300 entries that its newest checkpoint covers; of the last 44 it has the hashes, not what they say\n/,
      ),
    })
    const { out } = await journal('verify', [...bucket, '--json'])
    expect(JSON.parse(out)).toMatchObject({ ok: true, size: 256, lacking: 44, unsignedTail: 0, payloads: null })
  }, 30_000)

  it('has the payloads too, which are held against its entries without any database', async () => {
    expect(await journal('verify', [...bucket, '--payloads'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('payloads: 1 as recorded, 0 erased, 0 missing'),
    })
    const { put, versionsOf } = copy.fake.bucket(KEPT_BUCKET)
    const path = `log/payloads/${toHex(sha256(CIPHERTEXT))}`
    put({ key: path, bytes: Buffer.from('another'), headers: {}, retention: null, hold: null })
    expect(versionsOf(path)).toHaveLength(2)
    expect(await journal('verify', [...bucket, '--payloads'])).toMatchObject({ code: 0, out: expect.stringContaining('payloads: 1 as recorded') })
  }, 30_000)

  it('gives receipts, and its newest checkpoint shows a database that was cut back', async () => {
    const [receipt, entry] = [join(place, 'r.tlog-proof'), join(place, 'r.json')]
    expect(await journal('proof', [...bucket, '255', '--out', receipt, '--entry', entry])).toMatchObject({ code: 0, err: '' })
    expect(await run(['receipt', 'verify', receipt, '--key', key, '--entry', entry])).toMatchObject({
      code: 0,
      out: expect.stringContaining('in its tree of 300 entries'),
    })
    const against = ['--against', `s3://${KEPT_BUCKET}/log`]
    const env = { DATABASE_URL: fresh.roleUrl('gate') }
    expect(await journal('verify', against, env)).toMatchObject({ code: 0, err: '' })
    const { put, keys } = copy.fake.bucket(KEPT_BUCKET)
    const note = Buffer.from(signedCheckpoint(fresh.key, 400, new Uint8Array(32)))
    put({ key: 'log/checkpoints/400', bytes: note, headers: {}, retention: null, hold: null })
    expect(keys()).toContain('log/checkpoints/400')
    expect(await journal('verify', against, env)).toMatchObject({
      code: 2,
      out: expect.stringContaining(`the checkpoint in \`s3://${KEPT_BUCKET}/log\` names 400 entries, but only 300 stand in unbroken order: entries are gone`),
    })
  }, 30_000)

  it('shows the same once all its checkpoints were hidden and an old one stands at `checkpoint`', async () => {
    const { put, keys, hide } = copy.fake.bucket(KEPT_BUCKET)
    for (const path of keys()) if (path.startsWith('log/checkpoints/')) hide(path)
    const [first] = await fresh.store.read(0, 1)
    const note = Buffer.from(signedCheckpoint(fresh.key, 1, first?.leaf ?? new Uint8Array()))
    put({ key: 'log/checkpoint', bytes: note, headers: {}, retention: null, hold: null })
    expect(await journal('verify', ['--against', `s3://${KEPT_BUCKET}/log`], { DATABASE_URL: fresh.roleUrl('gate') })).toMatchObject({
      code: 2,
      out: expect.stringContaining('names 400 entries, but only 300 stand in unbroken order'),
    })
  }, 30_000)

  it('cannot be read with credentials that may not, and says so', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nothing' }
    expect(await journal('verify', bucket, env)).toMatchObject({ code: 3, out: '', err: expect.stringContaining('code: data_unreachable') })
  }, 30_000)
})
