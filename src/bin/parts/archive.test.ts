import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FakeS3, startFakeS3 } from '../../../test/fakes/s3.ts'
import { readWhole } from '../../../test/support/archive.ts'
import { type FreshJournal, freshJournal } from '../../../test/support/journal.ts'
import { startTestWitness } from '../../../test/support/witness.ts'
import { bucketObjects } from '../../archive/bucket.ts'
import { folderObjects } from '../../archive/folder.ts'
import { valueOf } from '../../archive/objects.contract.ts'
import { readPublished } from '../../archive/published.ts'
import { openS3 } from '../../archive/s3-client.ts'
import { type Config, parseConfig } from '../../config/config.ts'
import { formatVkey } from '../../log/note-key.ts'
import { parsePolicy } from '../../log/policy.ts'
import { judge } from '../../log/quorum.ts'
import { startArchive } from './archive.ts'
import type { Part } from './part.ts'

let fresh: FreshJournal
let part: Part | null
let fake: FakeS3 | null
beforeEach(async () => {
  fresh = await freshJournal()
  part = null
  fake = null
  mkdirSync(join(fresh.folder, 'keys'), { mode: 0o700 })
  writeFileSync(join(fresh.folder, 'keys/journal.key.vkey'), `${formatVkey(fresh.key)}\n`)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await part?.stop()
  await fake?.close()
  await fresh.close()
})

const folder = () => join(fresh.folder, 'journal')
function configWith(journal: object): Config {
  const text = JSON.stringify({
    publicUrl: 'http://127.0.0.1:1',
    deskUrl: 'http://127.0.0.1:2',
    listen: { gate: '127.0.0.1:1', desk: '127.0.0.1:2' },
    tls: 'off',
    keys: 'keys',
    logOrigin: fresh.key.name,
    systems: {},
    journal,
  })
  return parseConfig(join(fresh.folder, 'gatehouse.yaml'), text)
}
const begin = async (journal: object = {}): Promise<Part> => (part = await startArchive(configWith(journal), { DATABASE_URL: fresh.roleUrl('archive') }))
const publishedSize = async () => valueOf(await readPublished(folderObjects(folder()), fresh.key))?.checkpoint.size ?? 0

describe('the archive', () => {
  it('publishes beside the configuration what is signed, as it is signed, and what is signed last of all before it stops', async () => {
    await fresh.fill(300)
    await fresh.sign()
    await begin()
    expect(await publishedSize()).toBe(300)
    await fresh.fill(5)
    await fresh.sign()
    await vi.waitUntil(async () => (await publishedSize()) === 305, { timeout: 5000 })
    await fresh.fill(1)
    await fresh.sign()
    await part?.stop()
    part = null
    expect((await readWhole(folderObjects(folder()), fresh.key)).length).toBe(306)
  }, 20_000)

  it('does not start over the archive of another journal, and leaves it as it is', async () => {
    mkdirSync(folder())
    writeFileSync(join(folder(), 'checkpoint'), 'another\n')
    await fresh.fill(1)
    await fresh.sign()
    await expect(begin()).rejects.toMatchObject({
      code: 'journal_broken',
      message: expect.stringContaining('does not carry the signature of gatehouse.test/log'),
    })
  })

  it.each<[what: string, policy: (vkey: string) => string | null, says: RegExp]>([
    ['is not there', () => null, /policy of the journal's witnesses cannot be read/],
    ['is none', () => 'quorum nobody\n', /is no tlog-policy:\n {2}line 1: `nobody` is no witness/],
    ['knows another log', () => 'log other+00000000+AA\nquorum none\n', /is no tlog-policy|does not name this journal's key/],
    ['asks for nobody', (vkey) => `log ${vkey}\nquorum none\n`, /asks for no cosignature/],
  ])('does not start with a policy that %s', async (_, policy, says) => {
    const text = policy(formatVkey(fresh.key))
    if (text !== null) writeFileSync(join(fresh.folder, 'policy'), text)
    await expect(begin({ witness: { policy: 'policy' } })).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringMatching(says) })
  })

  it('adds to what is published the cosignature of a witness that came late', async () => {
    const witness = await startTestWitness([fresh.key], { now: Date.now })
    try {
      const text = `log ${formatVkey(fresh.key)}\n${witness.line('one').replace(witness.url, 'http://127.0.0.1:9')}quorum one\n`
      writeFileSync(join(fresh.folder, 'policy'), text)
      await fresh.fill(3)
      await fresh.sign()
      const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
      await begin({ witness: { policy: 'policy' } })
      await part?.stop()
      expect(told.mock.calls.map(String)).toEqual([expect.stringMatching(/gave no cosignature: it cannot be reached/)])
      told.mockRestore()
      // The same archive again, with the witness where it now is: nothing new was signed.
      writeFileSync(join(fresh.folder, 'policy'), text.replace('http://127.0.0.1:9', witness.url))
      await begin({ witness: { policy: 'policy' } })
      const policy = parsePolicy(text)
      if (!policy.ok) throw new Error(policy.refusal.join())
      const isMet = async () => {
        const judged = judge(policy.value, valueOf(await readPublished(folderObjects(folder()), fresh.key))?.note ?? '')
        return judged.ok && judged.value.met
      }
      await vi.waitUntil(isMet, { timeout: 5000 })
    } finally {
      await witness.close()
    }
  }, 20_000)

  it('publishes to a bucket and locks full tiles in another, with credentials from the environment alone', async () => {
    fake = await startFakeS3()
    fake.makeBucket('open')
    fake.makeBucket('vault', { lock: true })
    vi.stubEnv('AWS_ACCESS_KEY_ID', fake.admin.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', fake.admin.secretAccessKey)
    const s3 = { region: fake.region, endpoint: fake.endpoint, pathStyle: true }
    await fresh.fill(300)
    await fresh.sign()
    await begin({ archive: 's3://open/log', s3, worm: { bucket: 's3://vault/log', ...s3, tilesDays: 1, checkpointsDays: 2 } })
    const client = openS3({ bucket: 'open', prefix: 'log', ...s3 }, fake.admin)
    const objects = bucketObjects({ client, settings: { bucket: 'open', prefix: 'log', ...s3 } })
    expect((await readWhole(objects, fresh.key)).length).toBe(300)
    const locked = () => fake?.bucket('vault').keys() ?? []
    await vi.waitUntil(() => locked().length === 5, { timeout: 10_000 })
    expect(locked().toSorted()).toEqual(['log/checkpoints/300', 'log/tile/0/000', 'log/tile/0/001.p/44', 'log/tile/1/000.p/1', 'log/tile/entries/000'])
    expect(fake.bucket('vault').versionsOf('log/tile/0/000')[0]?.retention?.mode).toBe('COMPLIANCE')
    client.destroy()
  }, 30_000)
})
